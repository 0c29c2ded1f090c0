// SPDX-License-Identifier: Apache-2.0
//
// A linear head in several steps (arch/folding.h). The step after a firing (order kByInput: after
// every word) is the first; per step the memory gives a word of weights, the lanes a slice of the
// inputs, the step's pipeline multiplies and adds, and the accumulators take its partial sums.
//
// Nothing is copied that stays where it is: the window does not move while its steps last, so a
// slice is chosen from it. Outputs outer: a group's accumulators move into a shift register when
// the group is finished. Inputs outer: all accumulators go round in a ring, one group per step.
#include <fmt/format.h>

#include "rtl/stages/loading.h"
#include "rtl/stages/stage_module.h"
#include "support/check.h"

namespace gatewright::rtl {
namespace {

using arch::Compute;
using fixed::Format;
using fixed::Integer;

class HeadBuilder {
  public:
    HeadBuilder(const StageJob& job, Circuit& circuit, const Window& window, std::string name)
        : job_(job),
          c_(circuit),
          window_(window),
          name_(std::move(name)),
          work_(std::get<Compute>(job.stage.work)),
          head_(*work_.parts.front().head),
          folded_(*job.pipelines.folded),
          by_input_(work_.folding.order == arch::Folding::Order::kByInput) {
        const auto words = static_cast<std::int64_t>(job.design[job.stage.inputs[0].stream].words);
        slices_ = work_.folding.slices / (by_input_ ? words : 1);
        groups_ = work_.folding.groups;
        if (is_loadable(job.stage)) block_ = load_block(job.stage, folded_);
    }

    Sums run() {
        const Pipeline step = embed_pipeline(job_, *job_.pipelines.step, name_ + "_step");
        if (block_) {
            port_ = {c_.input("load_write", 1), c_.input("load_address", block_->address_bits()),
                     c_.input("load_data", kLoadBits)};
        }
        walk();
        std::vector<TypedBits> values = lanes();
        const Bits weights = weight_word();
        int offset = 0;
        for (const Format& format : folded_.weight_formats) {
            values.push_back({take({weights, false}, offset, format.width), format});
            offset += format.width;
        }
        partial_valid_ = c_.wire("partial_valid", 1);
        int bits = 0;
        for (const Format& format : step.outputs) bits += format.width;
        const Bits partial = c_.wire("partial", std::max(1, bits));
        c_.instance("step", job_.netlist, step.module,
                    {{"in_valid", is_step_},
                     {"in", pipeline_input(step, values)},
                     {"out_valid", partial_valid_},
                     {"out", partial}});
        for (int cycle = 1; cycle <= step.latency && uses_bank(); ++cycle) {
            held_bank_ = c_.delayed(fmt::format("step_bank_d{}", cycle), held_bank_);
        }
        for (const TypedBits& sum : channels(partial, step.outputs)) {
            partials_.push_back(converted(sum.bits, sum.format, folded_.accumulator));
        }
        return accumulate();
    }

  private:
    [[nodiscard]] bool uses_bank() const { return job_.banks == Banks::kTravelWithWords; }

    // Which step is next: its address is given a cycle before it, with the slice of the inputs.
    void walk() {
        c_.note("steps");
        const std::int64_t steps = slices_ * groups_;
        if (steps == 1) {
            is_step_ = c_.delayed("is_step", window_.begin, {}, Register::Reset::kToZero);
            fetch_ = window_.begin;
        } else {
            is_step_ = c_.state("is_step", 1);
            const auto place = c_.counter("step_of_word", steps, is_step_);
            const Bits goes_on =
                c_.both("goes_on", is_step_, c_.invert("not_last_step", place.is_last));
            fetch_ = c_.either("fetches", window_.begin, goes_on);
            c_.clock_reset(is_step_, fetch_);
        }
        address_ = c_.counter("next_step", work_.folding.reuse(), fetch_).value;
        if (by_input_) {
            const auto group = c_.counter("next_group", groups_, fetch_);
            const Bits moves = c_.both("next_slice_moves", fetch_, group.is_last);
            slice_ = c_.counter("next_slice", slices_, moves).value;
        } else {
            slice_ = c_.counter("next_slice", slices_, fetch_).value;
        }
        if (uses_bank()) {
            held_bank_ = c_.delayed("held_bank", window_.bank, window_.begin);
            fetch_bank_ = c_.choose("fetch_bank", window_.begin, window_.bank, held_bank_);
        } else {
            held_bank_ = zero();
            fetch_bank_ = zero();
        }
    }

    // The inputs of slice after slice in the formats of the lanes.
    std::vector<Bits> slices_of(const std::vector<Bits>& taps) const {
        std::vector<TypedBits> inputs;
        std::size_t tap = 0;
        for (const arch::StageInput& input : job_.stage.inputs) {
            const arch::Stream& stream = job_.design[input.stream];
            const std::size_t count = by_input_ ? 1 : tensor::element_count(input.window.size);
            for (std::size_t n = 0; n < count; ++n) {
                for (TypedBits& channel : channels(taps[tap], stream.formats)) {
                    inputs.push_back(std::move(channel));
                }
                ++tap;
            }
        }
        std::vector<Bits> slices(static_cast<std::size_t>(slices_));
        GW_CHECK(inputs.size() == slices.size() * folded_.lane_inputs, "slices of another head");
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            append(slices[i / folded_.lane_inputs],
                   converted(inputs[i].bits, inputs[i].format,
                             folded_.lane_formats[i % folded_.lane_inputs]));
        }
        return slices;
    }

    std::vector<TypedBits> lanes() {
        const std::vector<Bits> slices = slices_of(window_.taps);
        Bits lanes = slices[0];
        if (slices.size() > 1 && lanes.width() > 0) {
            const Bits later = c_.pick("slice", slice_, slices);
            if (window_.next_word.width() > 0) {
                const Bits first = slices_of({window_.next_word})[0];
                lanes = c_.delayed("lanes", c_.choose("next_lanes", window_.begin, first, later),
                                   fetch_);
            } else {
                const Bits is_first = c_.delayed("is_first_step", window_.begin);
                lanes = c_.choose("lanes", is_first, slices[0],
                                  c_.delayed("later_lanes", later, fetch_));
            }
        }
        return channels(lanes, folded_.lane_formats);
    }

    Bits weight_word() {
        const TableRead read{Memory::Read::Kind::kSynchronous, address_, fetch_bank_, fetch_};
        if (block_)
            return loadable_table(c_, "weights", *block_, LoadBlock::Kind::kWeights, port_, read);
        arch::Stage constant = job_.stage;
        return read_only_table(c_, "weights", load_block(constant, folded_).weights, read);
    }

    // Biases of a group in the accumulators' format.
    std::vector<Bits> biases(const Bits& group) {
        const TableRead read{Memory::Read::Kind::kAsynchronous, group, held_bank_, {}};
        const Bits word =
            block_ ? loadable_table(c_, "biases", *block_, LoadBlock::Kind::kBiases, port_, read)
                   : read_only_table(c_, "biases", load_block(job_.stage, folded_).biases, read);
        const std::vector<Format> formats(folded_.lane_outputs, head_.bias_format);
        std::vector<Bits> out;
        for (const TypedBits& bias : channels(word, formats)) {
            out.push_back(converted(bias.bits, bias.format, folded_.accumulator));
        }
        return out;
    }

    Sums accumulate() {
        c_.note("accumulators");
        const std::int64_t inner_count = by_input_ ? groups_ : slices_;
        const std::int64_t outer_count = by_input_ ? work_.folding.slices : groups_;
        const auto inner = c_.counter("sum_inner", inner_count, partial_valid_);
        const Bits moves = c_.both("sum_outer_moves", partial_valid_, inner.is_last);
        const auto outer = c_.counter("sum_outer", outer_count, moves);
        const Circuit::Counter& slice = by_input_ ? outer : inner;
        const Circuit::Counter& group = by_input_ ? inner : outer;
        const bool is_single = work_.folding.slices == 1;
        const Bits is_first = is_single ? one() : c_.equals("is_first_slice", slice.value, 0);
        const Bits is_done = c_.all_of("is_done", {partial_valid_, inner.is_last, outer.is_last});
        Sums out;
        out.valid = c_.delayed("sums_valid", is_done, {}, Register::Reset::kToZero);
        out.bank = uses_bank() ? c_.delayed("sums_bank", held_bank_, partial_valid_) : zero();
        const std::vector<Bits> bias = biases(group.value);
        std::vector<Bits> sums =
            by_input_ ? ring(is_first, bias) : collected(is_first, bias, slice, group);
        for (std::size_t o = 0; o < sums.size(); ++o) {
            out.values.push_back({take({sums[o], false}, 0, head_.sums[o].width), head_.sums[o]});
        }
        return out;
    }

    Bits added(std::size_t lane, const Bits& is_first, const Bits& bias, const Bits& sum) {
        const std::string name = fmt::format("sum{}", lane);
        const Bits from = c_.choose(name + "_from", is_first, bias, sum);
        // The chosen one second: then a carry cell's LUT makes it, and it is no LUT of its own.
        return c_.plus(name + "_next", partials_[lane], from);
    }

    // All sums, the first group's first: its accumulators, moved on when they were finished.
    std::vector<Bits> collected(const Bits& is_first, const std::vector<Bits>& bias,
                                const Circuit::Counter& slice, const Circuit::Counter& group) {
        std::vector<Bits> sums(head_.outputs);
        const Bits ends = c_.all_of("group_ends", {partial_valid_, slice.is_last,
                                                   c_.invert("not_last_group", group.is_last)});
        const Bits moves = groups_ > 1 ? c_.delayed("group_moves", ends) : zero();
        const std::size_t lanes = folded_.lane_outputs;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const Bits sum = c_.state(fmt::format("sum{}", lane), folded_.accumulator.width);
            c_.clock(sum, added(lane, is_first, bias[lane], sum), partial_valid_);
            Bits held = sum;
            for (std::int64_t g = groups_; g-- > 0;) {
                sums[static_cast<std::size_t>(g) * lanes + lane] = held;
                if (g > 0)
                    held = c_.delayed(fmt::format("sum{}_group{}", lane, g - 1), held, moves);
            }
        }
        return sums;
    }

    std::vector<Bits> ring(const Bits& is_first, const std::vector<Bits>& bias) {
        std::vector<Bits> sums(head_.outputs);
        const std::size_t lanes = folded_.lane_outputs;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const Bits oldest =
                c_.state(fmt::format("sum{}_group0", lane), folded_.accumulator.width);
            Bits held = added(lane, is_first, bias[lane], oldest);
            for (std::int64_t g = groups_; g-- > 1;) {
                held = c_.delayed(fmt::format("sum{}_group{}", lane, g), held, partial_valid_);
                sums[static_cast<std::size_t>(g) * lanes + lane] = held;
            }
            c_.clock(oldest, held, partial_valid_);
            sums[lane] = oldest;
        }
        return sums;
    }

    const StageJob& job_;
    Circuit& c_;
    const Window& window_;
    std::string name_;
    const Compute& work_;
    const arch::LinearHead& head_;
    const arch::FoldedHead& folded_;
    bool by_input_;
    std::int64_t slices_ = 1;  // of a window, order kByInput: of a word
    std::int64_t groups_ = 1;
    std::optional<LoadBlock> block_;
    LoadPort port_;
    Bits is_step_, fetch_, address_, slice_, fetch_bank_, held_bank_;
    Bits partial_valid_;
    std::vector<Bits> partials_;
};

}  // namespace

Sums build_head(const StageJob& job, Circuit& circuit, const Window& window,
                const std::string& name) {
    return HeadBuilder(job, circuit, window, name).run();
}

}  // namespace gatewright::rtl
