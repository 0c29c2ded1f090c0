// SPDX-License-Identifier: Apache-2.0
#include "verify/stimuli.h"

#include <algorithm>

#include "support/rng.h"

namespace gatewright::verify {
namespace {

using fixed::Format;
using fixed::Integer;

// Inputs that get events of their own; more would make the edges longer than the random part.
constexpr std::size_t kMostWalked = 256;

std::vector<Format> input_formats(std::span<const dfg::Port> inputs) {
    std::vector<Format> formats;
    for (const dfg::Port& port : inputs) {
        for (const fixed::Cast& element : port.elements) formats.push_back(element.format);
    }
    return formats;
}

Integer random_code(const Format& format, Rng& rng) {
    Integer code = 0;
    for (int bits = 0; bits < format.width; bits += 32) {
        code =
            (code << 32) + Integer(static_cast<std::int64_t>(rng.below(std::uint64_t{1} << 32U)));
    }
    return format.wrap(code);
}

Integer edge_code(const Format& format, Rng& rng) {
    switch (rng.below(5)) {
        case 0:
            return format.min_code();
        case 1:
            return format.max_code();
        case 2:
            return 0;
        case 3:
            return format.wrap(1);
        default:
            return format.wrap(-1);
    }
}

}  // namespace

std::vector<Integer> edge_stimuli(std::span<const dfg::Port> inputs) {
    const std::vector<Format> formats = input_formats(inputs);
    std::vector<Integer> codes;
    const auto event = [&](auto code_of) {
        for (std::size_t i = 0; i < formats.size(); ++i) codes.push_back(code_of(i, formats[i]));
    };
    event([](std::size_t, const Format& f) { return f.min_code(); });
    event([](std::size_t, const Format& f) { return f.max_code(); });
    event([](std::size_t, const Format&) { return Integer(0); });
    event([](std::size_t, const Format& f) { return f.wrap(1); });
    event([](std::size_t, const Format& f) { return f.wrap(-1); });
    for (const std::size_t phase : {0U, 1U}) {
        event([phase](std::size_t i, const Format& f) {
            return i % 2 == phase ? f.min_code() : f.max_code();
        });
        event([phase](std::size_t i, const Format& f) { return f.wrap(i % 2 == phase ? 1 : -1); });
    }
    for (std::size_t walked = 0; walked < std::min(formats.size(), kMostWalked); ++walked) {
        event([walked](std::size_t i, const Format& f) {
            return i == walked ? f.min_code() : Integer(0);
        });
        event([walked](std::size_t i, const Format& f) {
            return i == walked ? f.max_code() : Integer(0);
        });
    }
    return codes;
}

std::vector<Integer> all_stimuli(std::span<const dfg::Port> inputs, int most_bits) {
    const std::vector<Format> formats = input_formats(inputs);
    int bits = 0;
    for (const Format& format : formats) bits += format.width;
    if (bits > most_bits) return {};
    std::vector<Integer> codes;
    codes.reserve(formats.size() << bits);
    for (std::int64_t number = 0; number < std::int64_t{1} << bits; ++number) {
        std::int64_t rest = number;
        for (const Format& format : formats) {
            codes.push_back(format.wrap(rest));
            rest >>= format.width;
        }
    }
    return codes;
}

std::vector<Integer> stimuli(std::span<const dfg::Port> inputs, std::size_t random,
                             std::uint64_t seed) {
    const std::vector<Format> formats = input_formats(inputs);
    std::vector<Integer> codes = edge_stimuli(inputs);
    codes.reserve(codes.size() + random * formats.size());
    Rng rng(seed);
    for (std::size_t e = 0; e < random; ++e) {
        const double edges = rng.chance(0.25) ? 0.3 : 0.0;
        for (const Format& format : formats) {
            codes.push_back(rng.chance(edges) ? edge_code(format, rng) : random_code(format, rng));
        }
    }
    return codes;
}

}  // namespace gatewright::verify
