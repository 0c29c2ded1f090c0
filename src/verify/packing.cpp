// SPDX-License-Identifier: Apache-2.0
#include "verify/packing.h"

#include <algorithm>

namespace gatewright::verify {

using fixed::Integer;

BusLayout::BusLayout(const std::vector<arch::Port>& ports) {
    for (const arch::Port& port : ports) {
        for (std::size_t i = 0; i < port.elements.size(); ++i) {
            fields_.push_back({bits_ + port.bit_offset[i], port.elements[i].format});
        }
        bits_ += port.width;
    }
}

void BusLayout::pack(std::span<const Integer> codes, std::span<std::uint32_t> out) const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        const auto& [offset, format] = fields_[i];
        for (int done = 0; done < format.width;) {
            const int position = offset + done;
            const int shift = position % 32;
            const int taken = std::min(32 - shift, format.width - done);
            const auto bits =
                static_cast<std::uint64_t>(*(codes[i] >> done).low_bits(taken).to_int64());
            out[static_cast<std::size_t>(position / 32)] |=
                static_cast<std::uint32_t>(bits << shift);
            done += taken;
        }
    }
}

void BusLayout::unpack(std::span<const std::uint32_t> in, std::span<Integer> codes) const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        const auto& [offset, format] = fields_[i];
        Integer code = 0;
        for (int done = 0; done < format.width;) {
            const int position = offset + done;
            const int shift = position % 32;
            const int taken = std::min(32 - shift, format.width - done);
            const std::uint64_t word = in[static_cast<std::size_t>(position / 32)];
            const std::uint64_t bits = (word >> shift) & ((std::uint64_t{1} << taken) - 1U);
            code += Integer(static_cast<std::int64_t>(bits)) << done;
            done += taken;
        }
        codes[i] = format.wrap(code);
    }
}

}  // namespace gatewright::verify
