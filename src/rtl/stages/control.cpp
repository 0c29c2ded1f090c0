// SPDX-License-Identifier: Apache-2.0
#include "rtl/stages/control.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/check.h"

namespace gatewright::rtl {
namespace {

class ControlBuilder {
  public:
    ControlBuilder(const std::string& name, const std::vector<LoadBlock>& blocks, int address_bits,
                   std::size_t outputs)
        : blocks_(blocks),
          c_(name, "registers: the bank of weights, events under way, writes of weights"),
          outputs_(outputs) {
        select_ = c_.input("reg_select", 1);
        write_ = c_.input("reg_write", 1);
        address_ = c_.input("reg_address", address_bits);
        wdata_ = c_.input("reg_wdata", kLoadBits);
        rdata_ = c_.output("reg_rdata", kLoadBits);
        error_ = c_.output("reg_error", 1);
        begins_ = c_.input("begins", 1);
        frame_error_ = c_.input("frame_error", 1);
        bank_ = c_.output("bank", 1);
    }

    Module run() {
        writes_ = c_.both("writes", select_, write_);
        selected_ = c_.state("selected", 1);
        const Bits sets_bank = c_.both("sets_bank", writes_, is_register(ControlRegister::kBank));
        c_.clock_reset(selected_, take({wdata_, false}, 0, 1), sets_bank);
        c_.drive(bank_, selected_);
        count_events();
        const Bits refuses = write_blocks();
        answer(refuses);
        return c_.finish();
    }

  private:
    Bits is_register(ControlRegister which) {
        const auto number = static_cast<std::int64_t>(which);
        return c_.equals(fmt::format("is_register{}", number), address_, number);
    }

    // Per bank: events whose first word came in and whose last word has not left at every output.
    void count_events() {
        for (int bank = 0; bank < 2; ++bank) {
            const std::string name = fmt::format("bank{}", bank);
            const Bits is_selected =
                bank == 1 ? selected_ : c_.invert(name + "_selected", selected_);
            const Bits begins = c_.both(name + "_begins", begins_, is_selected);
            Bits most;
            for (std::size_t p = 0; p < outputs_; ++p) {
                if (bank == 0) {
                    ends_.push_back(c_.input(fmt::format("ends{}", p), 1));
                    ends_bank_.push_back(c_.input(fmt::format("ends{}_bank", p), 1));
                }
                const std::string port = fmt::format("{}_port{}", name, p);
                const Bits is_own =
                    bank == 1 ? ends_bank_[p] : c_.invert(port + "_own", ends_bank_[p]);
                const Bits ends = c_.both(port + "_ends", ends_[p], is_own);
                const Bits count = c_.state(port + "_events", kInFlightBits);
                const Bits one_event = constant_bits(1, kInFlightBits);
                const Bits next =
                    c_.choose(port + "_next", begins, c_.plus(port + "_more", count, one_event),
                              c_.minus(port + "_less", count, one_event));
                c_.clock_reset(count, next, c_.differ(port + "_changes", begins, ends));
                most = p == 0 ? count
                              : c_.choose(name + "_most", c_.below(port + "_above", most, count),
                                          count, most);
            }
            in_flight_.push_back(most);
            const Bits is_idle = c_.equals(name + "_is_idle", most, 0);
            in_use_.push_back(
                c_.either(name + "_in_use", is_selected, c_.invert(name + "_is_busy", is_idle)));
        }
    }

    // Writes go to a block if its bank is not in use. One bit: a write was refused for that.
    Bits write_blocks() {
        Bits refused = zero();
        int widest = 1;
        for (std::size_t b = 0; b < blocks_.size(); ++b) {
            const LoadBlock& block = blocks_[b];
            const int bits = block.address_bits();
            widest = std::max(widest, bits);
            const std::string name = fmt::format("block{}", b);
            const Bits high = take({address_, false}, bits, address_.width() - bits);
            const Bits is_here = high.width() == 0
                                     ? one()
                                     : c_.equals(name + "_is_addressed", high, block.base >> bits);
            const Bits bank = take({address_, false}, bits - 1, 1);
            const Bits in_use = c_.choose(name + "_in_use", bank, in_use_[1], in_use_[0]);
            const Bits writes = c_.both(name + "_write", writes_, is_here);
            c_.output(fmt::format("load{}", b),
                      c_.both(name + "_loads", writes, c_.invert(name + "_free", in_use)));
            refused = c_.either("refused", refused, c_.both(name + "_refused", writes, in_use));
            known_ = c_.either("known", known_, c_.both(name + "_known", is_here, write_));
        }
        c_.output("load_address", take({address_, false}, 0, widest));
        c_.output("load_data", wdata_);
        return refused;
    }

    void answer(const Bits& refuses) {
        const Bits refusals = c_.state("refusals", kLoadBits);
        c_.clock_reset(refusals, c_.plus("refusals_next", refusals, constant_bits(1, kLoadBits)),
                       refuses);
        const auto padded = [](const Bits& bits) { return take({bits, false}, 0, kLoadBits); };
        const auto flight = [&](std::size_t bank) {
            Bits bits = take({in_flight_[bank], false}, 0, kLoadBits - 1);
            append(bits, in_use_[bank]);
            return bits;
        };
        Bits value = constant_bits(0, kLoadBits);
        const std::vector<std::pair<ControlRegister, Bits>> registers = {
            {ControlRegister::kIdentity, constant_bits(kIdentityValue, kLoadBits)},
            {ControlRegister::kBank, padded(selected_)},
            {ControlRegister::kInFlight0, flight(0)},
            {ControlRegister::kInFlight1, flight(1)},
            {ControlRegister::kStatus, padded(frame_error_)},
            {ControlRegister::kRefused, refusals}};
        for (const auto& [which, bits] : registers) {
            const Bits is_this = is_register(which);
            value = c_.choose("read", is_this, bits, value);
            const bool is_writable = which == ControlRegister::kBank;
            known_ = c_.either(
                "known", known_,
                is_writable ? is_this : c_.both("known_read", is_this, c_.invert("reads", write_)));
        }
        c_.drive(rdata_, value);
        const Bits unknown = c_.both("unknown", select_, c_.invert("is_unknown", known_));
        c_.drive(error_, c_.either("fails", unknown, refuses));
    }

    const std::vector<LoadBlock>& blocks_;
    Circuit c_;
    std::size_t outputs_;
    Bits select_, write_, address_, wdata_, rdata_, error_, begins_, frame_error_, bank_;
    Bits writes_, selected_;
    Bits known_ = zero();
    std::vector<Bits> ends_, ends_bank_, in_flight_, in_use_;
};

}  // namespace

int place_blocks(std::vector<LoadBlock>& blocks) {
    std::int64_t next = kControlRegisters;
    for (LoadBlock& block : blocks) {
        const std::int64_t size = std::int64_t{1} << block.address_bits();
        block.base = (next + size - 1) / size * size;
        next = block.base + size;
    }
    return count_bits(next);
}

Module control_module(const std::string& name, const std::vector<LoadBlock>& blocks,
                      int address_bits, std::size_t outputs) {
    return ControlBuilder(name, blocks, address_bits, outputs).run();
}

}  // namespace gatewright::rtl
