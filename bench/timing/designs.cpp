// SPDX-License-Identifier: Apache-2.0
#include "designs.h"

#include <fmt/format.h>

#include <filesystem>

#include "support/rng.h"

namespace gatewright::bench {
namespace {

// One network in the native format, layer after layer.
class Network {
  public:
    Network(std::string name, std::uint64_t seed) : name_(std::move(name)), rng_(seed) {}

    Network& input(std::int64_t width, const std::string& type) {
        size_ = width;
        return layer("input", [&](Json& json) {
            json.set("shape", Json::array_of(std::vector<std::int64_t>{width})).set("type", type);
        });
    }
    /// Weights of `bits` bits beside the sign, that share of them not zero.
    Network& dense(std::int64_t outputs, int bits, double kept) {
        Json rows = Json::array();
        for (std::int64_t i = 0; i < size_; ++i) {
            Json row = Json::array();
            for (std::int64_t j = 0; j < outputs; ++j) {
                row.push_back(rng_.chance(kept) ? weight(bits) : Json(0.0));
            }
            rows.push_back(std::move(row));
        }
        Json bias = Json::array();
        for (std::int64_t j = 0; j < outputs; ++j) bias.push_back(weight(bits));
        size_ = outputs;
        return layer("dense", [&](Json& json) { json.set("kernel", rows).set("bias", bias); });
    }
    Network& plain(const std::string& kind) {
        return layer(kind, [](Json&) {});
    }
    Network& quantize(const std::string& type) {
        return layer("quantize", [&](Json& json) { json.set("type", type); });
    }
    Network& table(const std::string& function, const std::string& from, const std::string& to) {
        return layer("unary_table", [&](Json& json) {
            json.set("function", function).set("input_type", from).set("type", to);
        });
    }
    /// A layer of two inputs: the last layer and the one `back` before it.
    Network& with_earlier(const std::string& kind, std::size_t back) {
        const std::string last = names_.back();
        const std::string earlier = names_.at(names_.size() - 1 - back);
        return layer(kind, [&](Json& json) {
            json.set("inputs", Json::array_of(std::vector<std::string>{last, earlier}));
        });
    }
    Network& top_k(std::int64_t k) {
        return layer("top_k_threshold", [&](Json& json) { json.set("k", k); });
    }

    [[nodiscard]] TimingDesign at(const std::string& kind, double clock_mhz) const {
        Json model = Json::object();
        model.set("format", "gatewright-model").set("version", std::int64_t{1});
        model.set("name", name_).set("layers", layers_);
        return {name_, kind, std::move(model), "", clock_mhz};
    }

  private:
    template <class Fill>
    Network& layer(const std::string& kind, Fill fill) {
        names_.push_back(fmt::format("{}_{}", kind, names_.size()));
        Json json = Json::object();
        json.set("name", names_.back()).set("kind", kind);
        fill(json);
        layers_.push_back(std::move(json));
        return *this;
    }
    Json weight(int bits) {
        const std::int64_t limit = (std::int64_t{1} << bits) - 1;
        return Json(static_cast<double>(rng_.between(-limit, limit)) /
                    static_cast<double>(limit + 1));
    }

    std::string name_;
    Rng rng_;
    std::int64_t size_ = 0;
    std::vector<std::string> names_;
    Json layers_ = Json::array();
};

// A matrix on its own.
TimingDesign matrix(const std::string& name, std::uint64_t seed, std::int64_t inputs,
                    std::int64_t outputs, int weight_bits, int input_bits, double clock_mhz) {
    return Network(name, seed)
        .input(inputs, fmt::format("fixed<{},4>", input_bits))
        .dense(outputs, weight_bits, 1.0)
        .at("matrix", clock_mhz);
}

// Dense, relu and cast, twice.
TimingDesign two_layers(const std::string& name, std::uint64_t seed,
                        std::vector<std::int64_t> sizes, int bits, double kept, double clock_mhz) {
    const std::string inner = fmt::format("ufixed<{},3,RND,SAT>", bits);
    return Network(name, seed)
        .input(sizes.at(0), fmt::format("fixed<{},3>", bits))
        .dense(sizes.at(1), bits - 1, kept)
        .plain("relu")
        .quantize(inner)
        .dense(sizes.at(2), bits - 1, kept)
        .quantize(fmt::format("fixed<{},5,RND,SAT>", bits + 2))
        .at("dense, relu", clock_mhz);
}

TimingDesign three_layers(const std::string& name, std::uint64_t seed,
                          std::vector<std::int64_t> sizes, int bits, double kept,
                          double clock_mhz) {
    Network network(name, seed);
    network.input(sizes.at(0), fmt::format("fixed<{},3,RND,SAT>", bits));
    for (std::size_t i = 1; i < sizes.size(); ++i) {
        network.dense(sizes[i], bits, kept);
        if (i + 1 < sizes.size()) network.plain("relu");
        network.quantize(fmt::format("fixed<{},4,RND_CONV,SAT>", bits + 1));
    }
    return network.at("dense, relu", clock_mhz);
}

}  // namespace

std::vector<TimingDesign> calibration_designs() {
    std::vector<TimingDesign> all = {
        matrix("fit_matrix_1", 101, 4, 4, 5, 6, 200),
        matrix("fit_matrix_2", 102, 4, 4, 5, 6, 120),
        matrix("fit_matrix_3", 103, 8, 3, 7, 12, 160),
        matrix("fit_matrix_4", 104, 8, 3, 7, 12, 100),
        matrix("fit_matrix_5", 105, 10, 8, 5, 8, 180),
        matrix("fit_matrix_6", 106, 10, 8, 5, 8, 60),
        matrix("fit_matrix_7", 107, 3, 2, 9, 16, 140),
        matrix("fit_matrix_8", 108, 20, 2, 4, 5, 110),
        two_layers("fit_mlp_1", 111, {5, 7, 3}, 5, 0.8, 150),
        two_layers("fit_mlp_2", 112, {5, 7, 3}, 5, 0.8, 70),
        two_layers("fit_mlp_3", 113, {10, 10, 4}, 6, 0.4, 130),
        two_layers("fit_mlp_4", 114, {14, 12, 5}, 6, 0.4, 90),
        two_layers("fit_mlp_5", 115, {12, 8, 3}, 5, 0.5, 140),
        two_layers("fit_mlp_6", 116, {7, 9, 7}, 8, 0.5, 45),
    };
    all.push_back(Network("fit_table", 121)
                      .input(5, "fixed<7,3>")
                      .dense(5, 5, 0.8)
                      .table("sigmoid", "fixed<7,3>", "ufixed<6,0>")
                      .dense(3, 5, 0.8)
                      .at("dense, table", 110));
    all.push_back(Network("fit_maximum", 122)
                      .input(6, "fixed<9,4>")
                      .dense(6, 4, 0.6)
                      .with_earlier("maximum", 1)
                      .dense(4, 4, 0.8)
                      .at("dense, maximum", 120));
    return all;
}

namespace {

std::vector<TimingDesign> networks_of_many_kinds() {
    std::vector<TimingDesign> all;
    all.push_back(Network("tanh", 221)
                      .input(6, "fixed<8,3>")
                      .dense(6, 5, 0.7)
                      .table("tanh", "fixed<8,3,RND,SAT>", "fixed<8,1,RND,SAT>")
                      .dense(4, 5, 0.7)
                      .at("dense, table", 100));
    all.push_back(Network("classes", 222)
                      .input(8, "fixed<8,3>")
                      .dense(6, 5, 0.6)
                      .plain("relu")
                      .quantize("ufixed<7,4,RND,SAT>")
                      .dense(5, 5, 0.8)
                      .plain("argmax")
                      .at("dense, relu, argmax", 80));
    all.push_back(Network("residual", 223)
                      .input(6, "fixed<8,4>")
                      .dense(6, 6, 0.6)
                      .with_earlier("add", 1)
                      .plain("relu")
                      .quantize("ufixed<8,4,RND,SAT>")
                      .dense(4, 6, 0.6)
                      .at("dense, add, relu", 130));
    all.push_back(Network("product", 224)
                      .input(4, "fixed<7,3>")
                      .dense(4, 4, 0.9)
                      .quantize("fixed<7,4,RND,SAT>")
                      .with_earlier("multiply", 2)
                      .dense(3, 4, 0.9)
                      .at("dense, multiply", 75));
    all.push_back(Network("winner", 225)
                      .input(6, "fixed<10,4>")
                      .dense(4, 6, 0.8)
                      .plain("argmax")
                      .at("dense, argmax", 110));
    all.push_back(Network("largest", 226)
                      .input(7, "fixed<8,4>")
                      .dense(7, 4, 0.4)
                      .with_earlier("minimum", 1)
                      .dense(7, 4, 0.4)
                      .with_earlier("maximum", 1)
                      .at("dense, minimum, maximum", 140));
    all.push_back(Network("thinned", 227)
                      .input(6, "fixed<7,3>")
                      .top_k(2)
                      .with_earlier("multiply", 1)
                      .dense(3, 5, 0.9)
                      .at("top-k, multiply, dense", 90));
    all.push_back(Network("softmax", 228)
                      .input(5, "fixed<6,3>")
                      .dense(3, 4, 0.8)
                      .quantize("fixed<6,3,RND,SAT>")
                      .table("exp", "fixed<6,3,RND,SAT>", "ufixed<8,4,RND,SAT>")
                      .dense(3, 3, 0.9)
                      .at("dense, table", 60));
    return all;
}

std::vector<TimingDesign> trained_networks() {
    const std::string root = GW_SOURCE_DIR;
    const std::string shared = root + "/../shared/data/hgq2_models/hgq-ae/jsc_openml/";
    std::vector<TimingDesign> all = {
        {"jets", "trained (HGQ2)", {}, root + "/models/jets/jets.keras", 80},
        {"hgq_jets_1572",
         "trained (HGQ2)",
         {},
         shared + "epoch=136813-val_acc=0.750-ebops=1572-val_loss=0.708.keras",
         120},
    };
    std::erase_if(all, [](const TimingDesign& d) { return !std::filesystem::exists(d.file); });
    return all;
}

}  // namespace

std::vector<TimingDesign> evaluation_designs() {
    std::vector<TimingDesign> all = {
        matrix("matrix_6x6", 201, 6, 6, 4, 8, 190),
        matrix("matrix_6x6_slow", 202, 6, 6, 4, 8, 70),
        matrix("matrix_12x4", 203, 12, 4, 6, 8, 150),
        matrix("matrix_5x5_wide", 204, 5, 5, 8, 14, 110),
        matrix("matrix_16x6", 205, 16, 6, 4, 6, 130),
        matrix("matrix_9x9", 206, 9, 9, 5, 7, 170),
        two_layers("mlp_6_8_4", 211, {6, 8, 4}, 6, 0.6, 160),
        two_layers("mlp_6_8_4_slow", 212, {6, 8, 4}, 6, 0.6, 65),
        two_layers("mlp_12_10_5", 213, {12, 10, 5}, 5, 0.5, 140),
        two_layers("mlp_16_12_5", 214, {16, 12, 5}, 7, 0.4, 100),
        two_layers("mlp_4_6_2_wide", 215, {4, 6, 2}, 10, 0.7, 85),
        three_layers("mlp_8_8_8_3", 216, {8, 8, 8, 3}, 5, 0.5, 120),
        three_layers("mlp_16_10_8_5", 217, {16, 10, 8, 5}, 4, 0.4, 180),
        three_layers("mlp_10_6_6_2", 218, {10, 6, 6, 2}, 6, 0.5, 50),
    };
    for (auto* more : {networks_of_many_kinds, trained_networks}) {
        for (TimingDesign& design : more()) all.push_back(std::move(design));
    }
    return all;
}

}  // namespace gatewright::bench
