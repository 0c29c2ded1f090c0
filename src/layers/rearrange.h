// SPDX-License-Identifier: Apache-2.0
//
// Layers that only move elements, axis by axis: zero_pad, crop, upsample, insert_zeros. Each says,
// per axis, which input index an output index shows (or that it shows 0); an element is the product
// of its axes. Lists have one number per axis from the first; axes left out at the end, channels
// above all, stay as they are.
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// Along one axis: the input index of every output index, -1 for zeros.
using AxisMap = std::vector<std::int64_t>;

/// How one kind maps an axis of size n, and the same again for the reference: where input index i
/// goes to (all of them).
struct AxisRule {
    Result<AxisMap> (*sources)(std::int64_t n, std::int64_t first, std::int64_t second);
    std::vector<std::int64_t> (*targets)(std::int64_t i, std::int64_t n, std::int64_t first,
                                         std::int64_t second);
    std::int64_t (*size)(std::int64_t n, std::int64_t first, std::int64_t second);
    std::int64_t neutral = 0;  ///< of axes that are left out
};

/// A rule with its numbers: per axis `first`, and `second` where the kind has two.
struct AxisPlan {
    const AxisRule& rule;
    std::span<const std::int64_t> first;
    std::span<const std::int64_t> second;
};

Result<model::TensorType> infer_axes(const AxisPlan& plan,
                                     std::span<const model::TensorType> inputs);
model::Values reference_axes(const AxisPlan& plan, std::span<const model::Values> inputs);
model::Reals real_axes(const AxisPlan& plan, std::span<const model::Reals> inputs);
std::vector<dfg::ValueId> lower_axes(const AxisPlan& plan, model::Lowering& lowering,
                                     std::span<const model::Operand> inputs);
std::vector<std::int64_t> rearranged_axes(const AxisPlan& plan, const tensor::Shape& input);

const AxisRule& zero_pad_rule();
const AxisRule& crop_rule();
const AxisRule& upsample_rule();
const AxisRule& insert_zeros_rule();

/// A layer that is nothing but its rule and numbers: Self has plan() and fields().
template <class Self>
class AxisLayer : public model::LayerOf<Self> {
  public:
    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override {
        return infer_axes(plan(), inputs);
    }
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override {
        return reference_axes(plan(), inputs);
    }
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override {
        return real_axes(plan(), inputs);
    }
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override {
        return lower_axes(plan(), lowering, inputs);
    }
    [[nodiscard]] std::optional<std::vector<std::int64_t>> rearrangement(
        std::span<const model::TensorType> inputs) const override {
        return rearranged_axes(plan(), inputs[0].shape);
    }

  private:
    [[nodiscard]] AxisPlan plan() const { return static_cast<const Self&>(*this).plan(); }
};

/// Zeros before and after the elements of each axis.
class ZeroPad final : public AxisLayer<ZeroPad> {
  public:
    static constexpr std::string_view kKind = "zero_pad";
    static constexpr std::string_view kSummary =
        "Zeros before and after the elements of each axis.";

    std::vector<std::int64_t> before;
    std::vector<std::int64_t> after;

    template <class Visitor>
    void fields(Visitor& v) {
        v.optional("before", before, "zeros before, one number per axis from the first");
        v.optional("after", after, "zeros after, one number per axis from the first");
    }
    [[nodiscard]] AxisPlan plan() const { return {zero_pad_rule(), before, after}; }
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

/// Drops elements at the ends of each axis.
class Crop final : public AxisLayer<Crop> {
  public:
    static constexpr std::string_view kKind = "crop";
    static constexpr std::string_view kSummary = "Drops elements at both ends of each axis.";

    std::vector<std::int64_t> before;
    std::vector<std::int64_t> after;

    template <class Visitor>
    void fields(Visitor& v) {
        v.optional("before", before, "elements dropped at the start, one number per axis");
        v.optional("after", after, "elements dropped at the end, one number per axis");
    }
    [[nodiscard]] AxisPlan plan() const { return {crop_rule(), before, after}; }
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

/// Every element several times in a row (nearest neighbour).
class Upsample final : public AxisLayer<Upsample> {
  public:
    static constexpr std::string_view kKind = "upsample";
    static constexpr std::string_view kSummary =
        "Every element several times in a row along each axis (nearest neighbour).";

    std::vector<std::int64_t> size;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("size", size, "copies of every element, one number per axis from the first");
    }
    [[nodiscard]] AxisPlan plan() const { return {upsample_rule(), size, {}}; }
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

/// stride - 1 zeros between neighbours: with a conv behind it, a transposed convolution.
class InsertZeros final : public AxisLayer<InsertZeros> {
  public:
    static constexpr std::string_view kKind = "insert_zeros";
    static constexpr std::string_view kSummary =
        "stride - 1 zeros between neighbours of each axis; before conv: a transposed convolution.";

    std::vector<std::int64_t> strides;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("strides", strides,
                   "distance of neighbours in the output, one number per axis from the first");
    }
    [[nodiscard]] AxisPlan plan() const { return {insert_zeros_rule(), strides, {}}; }
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
