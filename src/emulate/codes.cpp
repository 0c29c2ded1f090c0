// SPDX-License-Identifier: Apache-2.0
//
// Between real values and the codes on the ports. The casts of the ports are applied exactly: a
// double is a dyadic number, scaling it by a power of two is exact, and its fraction decides the
// rounding by comparison with one half, so no mode depends on the machine's rounding.
#include <fmt/format.h>

#include <cmath>

#include "emulate/engine.h"
#include "emulate/reals.h"

namespace gatewright::emulate {
namespace {

using dfg::Port;
using fixed::Cast;
using fixed::Integer;
using tensor::Tensor;

Result<std::size_t> check_shapes(std::span<const Port> ports, std::span<const Tensor<double>> x) {
    if (x.size() != ports.size()) {
        return fail(fmt::format("{} input arrays given, the design has {} input ports", x.size(),
                                ports.size()));
    }
    std::size_t events = 0;
    for (std::size_t p = 0; p < x.size(); ++p) {
        const Port& port = ports[p];
        const std::size_t elements = port.elements.size();
        const auto rows = x[p].shape.empty() ? std::int64_t{-1} : x[p].shape[0];
        if (rows < 0 || x[p].size() != static_cast<std::size_t>(rows) * elements) {
            return fail(fmt::format(
                "input port '{}': the array has shape {}, expected [events, then {}]", port.name,
                tensor::to_string(x[p].shape), tensor::to_string(port.shape)));
        }
        if (p > 0 && static_cast<std::size_t>(rows) != events) {
            return fail(fmt::format("input port '{}': {} events, the ports before it have {}",
                                    port.name, rows, events));
        }
        events = static_cast<std::size_t>(rows);
    }
    return events;
}

// Calls take(event, element of the design, code) for every value.
template <class Take>
Status convert(std::span<const Port> ports, std::span<const Tensor<double>> x, std::size_t events,
               Take take) {
    std::size_t first = 0;
    for (std::size_t p = 0; p < x.size(); ++p) {
        const Port& port = ports[p];
        const std::size_t count = port.elements.size();
        for (std::size_t e = 0; e < events; ++e) {
            for (std::size_t i = 0; i < count; ++i) {
                const double value = x[p][e * count + i];
                if (!std::isfinite(value)) {
                    return fail(
                        fmt::format("input port '{}': event {}, element {} is {}; only finite "
                                    "numbers have a code",
                                    port.name, e, i, value));
                }
                take(e, first + i, real_to_code(value, port.elements[i]));
            }
        }
        first += count;
    }
    return {};
}

std::size_t element_count(std::span<const Port> ports) {
    std::size_t count = 0;
    for (const Port& port : ports) count += port.elements.size();
    return count;
}

template <class Code, class ToDouble>
std::vector<Tensor<double>> reals(std::span<const Port> ports, std::span<const Code> codes,
                                  ToDouble to_double) {
    const std::size_t row = element_count(ports);
    const std::size_t events = row == 0 ? 0 : codes.size() / row;
    std::vector<Tensor<double>> out;
    std::size_t first = 0;
    for (const Port& port : ports) {
        tensor::Shape shape = port.shape;
        shape.insert(shape.begin(), static_cast<std::int64_t>(events));
        Tensor<double> array(std::move(shape));
        const std::size_t count = port.elements.size();
        for (std::size_t e = 0; e < events; ++e) {
            for (std::size_t i = 0; i < count; ++i) {
                array[e * count + i] =
                    to_double(codes[e * row + first + i], port.elements[i].format.frac);
            }
        }
        out.push_back(std::move(array));
        first += count;
    }
    return out;
}

}  // namespace

Result<std::vector<std::int64_t>> to_codes(std::span<const Port> ports,
                                           std::span<const Tensor<double>> x) {
    for (const Port& port : ports) {
        for (const Cast& element : port.elements) {
            if (element.format.width > (element.format.is_signed ? 64 : 63)) {
                return fail(
                    fmt::format("input port '{}': codes of {} bits do not fit 64-bit integers",
                                port.name, element.format.width));
            }
        }
    }
    GW_TRY(const std::size_t events, check_shapes(ports, x));
    const std::size_t row = element_count(ports);
    std::vector<std::int64_t> codes(events * row);
    GW_TRY_STATUS(
        convert(ports, x, events, [&](std::size_t event, std::size_t element, const Integer& code) {
            codes[event * row + element] = *code.to_int64();
        }));
    return codes;
}

Result<std::vector<Integer>> to_exact_codes(std::span<const Port> ports,
                                            std::span<const Tensor<double>> x) {
    GW_TRY(const std::size_t events, check_shapes(ports, x));
    const std::size_t row = element_count(ports);
    std::vector<Integer> codes(events * row);
    GW_TRY_STATUS(
        convert(ports, x, events, [&](std::size_t event, std::size_t element, Integer code) {
            codes[event * row + element] = std::move(code);
        }));
    return codes;
}

std::vector<Tensor<double>> to_reals(std::span<const Port> ports,
                                     std::span<const std::int64_t> codes) {
    return reals(ports, codes, [](std::int64_t code, int frac) {
        return std::ldexp(static_cast<double>(code), -frac);
    });
}

std::vector<Tensor<double>> to_reals(std::span<const Port> ports, std::span<const Integer> codes) {
    return reals(ports, codes, [](const Integer& code, int frac) {
        return fixed::Dyadic(code, -frac).to_double();
    });
}

}  // namespace gatewright::emulate
