// SPDX-License-Identifier: Apache-2.0
//
// The TOML file of `gatewright compile --config`:
//
//     [design]
//     name = "jets"
//     part = "xcvu13p-2"
//     clock = "360MHz"              # or latency = "100ns"
//     fit = "lut=20000,latency=2us" # choose reuse factors, multipliers and clock within a budget
//     stages = 8                    # or exactly this many clock cycles
//     input_register = true
//     output_register = true
//     register_fanout = 64          # more users get copies of the register
//     input_type = "fixed<16,6>"
//     winner_only = false
//
//     [precision]
//     default = "fixed<16,6>"
//     [precision.layers.fc1]
//     weight = "fixed<8,2,RND,SAT>"
//     bias = "fixed<8,2>"
//     accumulator = "fixed<20,10>"
//     result = "fixed<12,4,RND_CONV,SAT>"
//
//     [adders]
//     effort = 1
//     depth_slack = 0
//     ternary = true                # three-input adders
//     cache = "adders"              # folder of solved kernels, kept between runs
//
//     [mapping]
//     io = "stream"                 # or "parallel"
//     reuse = 8                     # clock cycles per position, for as many times fewer
//     multipliers round_reuse = false           # to the nearest legal factor, layer by layer
//     weights = "constant"          # or "loadable"
//     multipliers = "logic"         # or "dsp"
//     [mapping.layers.fc1]
//     reuse = 64                    # also weights, multipliers
//
// Every key is read through one table per section, so an unknown key or a wrong type is found
// wherever it stands, and all problems are reported at once.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <functional>
#include <sstream>

#include "compile/mapping_options.h"
#include "compile/options.h"
#include "support/files.h"

namespace gatewright::compile {
namespace {

class ConfigReader {
  public:
    ConfigReader(Options& options, Problems& problems) : options_(options), problems_(problems) {}

    void read(const toml::table& root) {
        read_section(root, "",
                     {{"design", [&](const toml::node& n) { design(n); }},
                      {"precision", [&](const toml::node& n) { precision(n); }},
                      {"adders", [&](const toml::node& n) { adders(n); }},
                      {"mapping", [&](const toml::node& n) { mapping(n); }}});
    }

  private:
    using Reader = std::function<void(const toml::node&)>;

    void read_section(const toml::node& node, const std::string& where,
                      const std::map<std::string, Reader>& readers) {
        const toml::table* table = node.as_table();
        if (table == nullptr) {
            add(node, where, "must be a table");
            return;
        }
        for (const auto& [key, value] : *table) {
            const std::string name(key.str());
            const auto reader = readers.find(name);
            if (reader == readers.end()) {
                std::string known;
                for (const auto& entry : readers) known += " " + entry.first;
                add(value, where.empty() ? name : where + "." + name,
                    "unknown key; known here:" + known);
            } else {
                reader->second(value);
            }
        }
    }

    void design(const toml::node& node) {
        read_section(
            node, "design",
            {{"name", [&](const toml::node& n) { text(n, "design.name", options_.name); }},
             {"part", [&](const toml::node& n) { text(n, "design.part", options_.part); }},
             {"clock",
              [&](const toml::node& n) {
                  parsed(n, "design.clock", parse_clock, options_.clock_mhz);
              }},
             {"latency",
              [&](const toml::node& n) {
                  parsed(n, "design.latency", parse_latency, options_.latency);
              }},
             {"fit",
              [&](const toml::node& n) { parsed(n, "design.fit", parse_fit, options_.fit); }},
             {"stages",
              [&](const toml::node& n) {
                  int stages = 0;
                  number(n, "design.stages", stages);
                  options_.pipeline.stages = stages;
              }},
             {"input_register",
              [&](const toml::node& n) {
                  flag(n, "design.input_register", options_.pipeline.input_register);
              }},
             {"output_register",
              [&](const toml::node& n) {
                  flag(n, "design.output_register", options_.pipeline.output_register);
              }},
             {"register_fanout",
              [&](const toml::node& n) {
                  number(n, "design.register_fanout", options_.pipeline.register_fanout);
              }},
             {"input_type",
              [&](const toml::node& n) {
                  parsed(n, "design.input_type", fixed::parse_cast, options_.import.input_type);
              }},
             {"winner_only", [&](const toml::node& n) {
                  flag(n, "design.winner_only", options_.import.winner_only);
              }}});
    }

    void precision(const toml::node& node) {
        frontends::Precision& precision = options_.import.precision;
        read_section(node, "precision",
                     {{"default",
                       [&](const toml::node& n) {
                           parsed(n, "precision.default", fixed::parse_cast, precision.everywhere);
                       }},
                      {"layers", [&](const toml::node& n) { layers(n); }}});
    }

    void layers(const toml::node& node) {
        const toml::table* table = node.as_table();
        if (table == nullptr) {
            add(node, "precision.layers", "must be a table of layers");
            return;
        }
        for (const auto& [key, value] : *table) {
            const std::string where = "precision.layers." + std::string(key.str());
            frontends::LayerPrecision& layer =
                options_.import.precision.layers[std::string(key.str())];
            const auto cast = [&](std::optional<fixed::Cast>& out, const char* name) {
                return [this, &out, path = where + "." + name](const toml::node& n) {
                    parsed(n, path, fixed::parse_cast, out);
                };
            };
            read_section(value, where,
                         {{"weight", cast(layer.weight, "weight")},
                          {"bias", cast(layer.bias, "bias")},
                          {"accumulator", cast(layer.accumulator, "accumulator")},
                          {"result", cast(layer.result, "result")}});
        }
    }

    void adders(const toml::node& node) {
        read_section(
            node, "adders",
            {{"effort",
              [&](const toml::node& n) { number(n, "adders.effort", options_.cmvm.effort); }},
             {"depth_slack",
              [&](const toml::node& n) {
                  number(n, "adders.depth_slack", options_.cmvm.depth_slack);
              }},
             {"ternary",
              [&](const toml::node& n) {
                  flag(n, "adders.ternary", options_.ternary_adders.emplace());
              }},
             {"cache",
              [&](const toml::node& n) { text(n, "adders.cache", options_.adder_cache); }}});
    }

    void mapping(const toml::node& node) {
        arch::MappingParams& mapping = options_.mapping;
        read_section(
            node, "mapping",
            {{"io", [&](const toml::node& n) { word(n, "mapping.io", parse_io, mapping.io); }},
             {"reuse", [&](const toml::node& n) { count(n, "mapping.reuse", mapping.reuse); }},
             {"round_reuse",
              [&](const toml::node& n) {
                  bool rounds = false;
                  flag(n, "mapping.round_reuse", rounds);
                  mapping.rounding =
                      rounds ? arch::ReuseRounding::kNearest : arch::ReuseRounding::kRefuse;
              }},
             {"weights",
              [&](const toml::node& n) {
                  word(n, "mapping.weights", parse_weights, mapping.weights);
              }},
             {"multipliers",
              [&](const toml::node& n) {
                  word(n, "mapping.multipliers", parse_multipliers, mapping.multipliers);
              }},
             {"layers", [&](const toml::node& n) { mapped_layers(n); }}});
    }

    void mapped_layers(const toml::node& node) {
        const toml::table* table = node.as_table();
        if (table == nullptr) {
            add(node, "mapping.layers", "must be a table of layers");
            return;
        }
        for (const auto& [key, value] : *table) {
            const std::string where = "mapping.layers." + std::string(key.str());
            arch::LayerMapping& layer = options_.mapping.layers[std::string(key.str())];
            read_section(
                value, where,
                {{"reuse",
                  [&](const toml::node& n) { count(n, where + ".reuse", layer.reuse.emplace(1)); }},
                 {"weights",
                  [&](const toml::node& n) {
                      word(n, where + ".weights", parse_weights, layer.weights.emplace());
                  }},
                 {"multipliers", [&](const toml::node& n) {
                      word(n, where + ".multipliers", parse_multipliers,
                           layer.multipliers.emplace());
                  }}});
        }
    }

    void text(const toml::node& node, const std::string& where, std::string& out) {
        if (const auto value = node.value_exact<std::string>()) {
            out = *value;
        } else {
            add(node, where, "must be text in quotes");
        }
    }

    void flag(const toml::node& node, const std::string& where, bool& out) {
        if (const auto value = node.value_exact<bool>()) {
            out = *value;
        } else {
            add(node, where, "must be true or false");
        }
    }

    void number(const toml::node& node, const std::string& where, int& out) {
        const auto value = node.value_exact<std::int64_t>();
        if (value && *value >= 0 && *value <= 1000) {
            out = static_cast<int>(*value);
        } else {
            add(node, where, "must be a whole number from 0 to 1000");
        }
    }

    void count(const toml::node& node, const std::string& where, std::int64_t& out) {
        const auto value = node.value_exact<std::int64_t>();
        if (value && *value >= 1) {
            out = *value;
        } else {
            add(node, where, "must be a whole number from 1 on");
        }
    }

    template <class Parse, class T>
    void word(const toml::node& node, const std::string& where, Parse parse, T& out) {
        std::optional<T> value;
        parsed(node, where, parse, value);
        if (value) out = *value;
    }

    template <class Parse, class T>
    void parsed(const toml::node& node, const std::string& where, Parse parse,
                std::optional<T>& out) {
        std::string words;
        text(node, where, words);
        if (words.empty()) return;
        if (auto value = parse(words)) {
            out = *value;
        } else {
            add(node, where, value.error().message);
        }
    }

    void add(const toml::node& node, const std::string& where, const std::string& what) {
        problems_.add(fmt::format("line {}: {}: {}", node.source().begin.line, where, what));
    }

    Options& options_;
    Problems& problems_;
};

}  // namespace

Status read_config(const std::string& path, Options& options) {
    GW_TRY(const std::string content, read_file(path, std::size_t{1} << 24U));
    try {
        const toml::table root = toml::parse(content);
        Problems problems;
        ConfigReader(options, problems).read(root);
        if (!problems.empty()) return tl::unexpected<Error>(problems.to_error(path + ":"));
    } catch (const toml::parse_error& error) {
        return fail(
            fmt::format("{}: line {}: {}", path, error.source().begin.line, error.description()));
    }
    return {};
}

}  // namespace gatewright::compile
