// SPDX-License-Identifier: Apache-2.0
#include "rtl/stages/build.h"

#include <fmt/format.h>

#include "rtl/stages/control.h"
#include "rtl/stages/fifo.h"
#include "rtl/stages/stage_module.h"
#include "support/check.h"

namespace gatewright::rtl {
namespace {

using arch::StagedDesign;
using arch::StreamId;

// Wires of one FIFO.
struct Lane {
    std::size_t reader = 0;  // as schedule::Fifo::reader
    std::int64_t depth = 0;
    Bits open, valid, word, pop;
};

// Wires of one stream.
struct Channel {
    Bits fire, push, word;
    std::vector<Lane> lanes;
};

std::vector<StreamPort> stream_ports(const StagedDesign& design, bool are_inputs) {
    const auto& ports = are_inputs ? design.inputs : design.outputs;
    std::vector<StreamPort> out(ports.size());
    for (std::size_t p = 0; p < ports.size(); ++p) {
        StreamId id;
        if (!are_inputs) {
            id = design.results[p];
        } else {
            for (std::size_t s = 0; s < design.streams.size(); ++s) {
                const arch::Stream& stream = design.streams[s];
                if (!stream.producer.valid() && stream.port == p) id = StreamId(s);
            }
        }
        GW_CHECK(id.valid(), "port '" + ports[p].name + "' without a stream");
        const std::string alone = are_inputs ? "in" : "out";
        out[p] = {ports.size() == 1 ? alone : legal_name(ports[p].name), id, design[id].words,
                  word_bits(design[id]), design[id].formats};
    }
    return out;
}

class TopBuilder {
  public:
    TopBuilder(const StagedDesign& design, const schedule::StagedSchedule& schedule)
        : design_(design), schedule_(schedule) {
        Netlist& netlist = out_.netlist;
        netlist.name = names_.unique(design.name);
        for (const char* suffix : {"_axis", "_tb", "_apb", "_axi_lite"}) {
            names_.unique(netlist.name + suffix);
        }
        netlist.inputs = design.inputs;
        netlist.outputs = design.outputs;
        netlist.latency_cycles = static_cast<int>(schedule.rates.first_word_cycles);
        netlist.initiation_interval = static_cast<int>(schedule.rates.initiation_interval);
        netlist.clock_mhz = schedule.clock_mhz;
        for (const arch::Stage& stage : design.stages) {
            if (is_loadable(stage)) banks_ = Banks::kTravelWithWords;
        }
        out_.inputs = stream_ports(design, true);
        out_.outputs = stream_ports(design, false);
    }

    StagedNetlist run() {
        std::vector<ModuleId> stages;
        for (std::size_t s = 0; s < design_.stages.size(); ++s) {
            const arch::Stage& stage = design_.stages[s];
            stages.push_back(
                build_stage({design_, stage, schedule_.stages[s], banks_, out_.netlist, names_}));
            if (!is_loadable(stage)) continue;
            out_.blocks.push_back(load_block(stage, *schedule_.stages[s].folded));
            out_.blocks.back().stage = s;
        }
        if (banks_ == Banks::kTravelWithWords) {
            out_.address_bits = place_blocks(out_.blocks);
            out_.netlist.modules.push_back(
                control_module(names_.unique(out_.netlist.name + "_control"), out_.blocks,
                               out_.address_bits, out_.outputs.size()));
            control_ = ModuleId(out_.netlist.modules.size() - 1);
        }
        Circuit top(out_.netlist.name, describe());
        c_ = &top;
        declare();
        accept();
        for (std::size_t s = 0; s < stages.size(); ++s) place_stage(s, stages[s]);
        place_fifos();
        offer();
        if (out_.is_loadable()) place_control();
        out_.netlist.modules.push_back(top.finish());
        return std::move(out_);
    }

  private:
    [[nodiscard]] std::string describe() const {
        std::string text = fmt::format(
            "{}: {} stages, an event every {} cycles, first result {} cycles after the first word, "
            "scheduled for {:.4g} MHz",
            design_.name, design_.stages.size(), schedule_.rates.initiation_interval,
            schedule_.rates.first_word_cycles, schedule_.clock_mhz);
        for (char& letter : text) {
            if (letter < ' ' || letter > '~') letter = ' ';
        }
        return text;
    }

    struct PortBits {
        Bits valid, ready, word, last;
    };

    // Ports, then the wires between the instances.
    void declare() {
        for (const StreamPort& port : out_.inputs) {
            PortBits bits;
            bits.valid = c_->input(port.name + "_valid", 1);
            bits.ready = c_->output(port.name + "_ready", 1);
            bits.word = c_->input(port.name, port.bits);
            bits.last = c_->input(port.name + "_last", 1);
            sources_.push_back(std::move(bits));
        }
        for (const StreamPort& port : out_.outputs) {
            PortBits bits;
            bits.valid = c_->output(port.name + "_valid", 1);
            bits.ready = c_->input(port.name + "_ready", 1);
            bits.word = c_->output(port.name, port.bits);
            bits.last = c_->output(port.name + "_last", 1);
            sinks_.push_back(std::move(bits));
        }
        frame_error_ = c_->output("frame_error", 1);
        if (out_.is_loadable()) declare_registers();
        for (std::size_t s = 0; s < design_.streams.size(); ++s) declare_stream(StreamId(s));
    }

    void declare_registers() {
        registers_ = {{"reg_select", c_->input("reg_select", 1)},
                      {"reg_write", c_->input("reg_write", 1)},
                      {"reg_address", c_->input("reg_address", out_.address_bits)},
                      {"reg_wdata", c_->input("reg_wdata", kLoadBits)},
                      {"reg_rdata", c_->output("reg_rdata", kLoadBits)},
                      {"reg_error", c_->output("reg_error", 1)}};
        bank_ = c_->wire("bank", 1);
        begins_ = c_->wire("event_begins", 1);
        int address_bits = 1;
        for (const LoadBlock& block : out_.blocks) {
            loads_.push_back(c_->wire(fmt::format("load{}", loads_.size()), 1));
            address_bits = std::max(address_bits, block.address_bits());
        }
        load_address_ = c_->wire("load_address", address_bits);
        load_data_ = c_->wire("load_data", kLoadBits);
    }

    void declare_stream(StreamId id) {
        const arch::Stream& stream = design_[id];
        const std::string name = legal_name(stream.name);
        const int width = word_bits(stream, banks_);
        Channel channel;
        channel.fire = c_->wire(name + "_fire", 1);
        channel.push = c_->wire(name + "_push", 1);
        channel.word = c_->wire(name + "_word", width);
        for (const schedule::Fifo& fifo : schedule_.rates.fifos) {
            if (fifo.stream != id) continue;
            const std::string to = fmt::format("{}_to{}", name, fifo.reader);
            channel.lanes.push_back({fifo.reader, fifo.depth, c_->wire(to + "_open", 1),
                                     c_->wire(to + "_valid", 1), c_->wire(to, width),
                                     c_->wire(to + "_pop", 1)});
        }
        channels_.push_back(std::move(channel));
    }

    Lane& lane(StreamId id, std::size_t reader) {
        for (Lane& lane : channels_[id.index()].lanes) {
            if (lane.reader == reader) return lane;
        }
        GW_UNREACHABLE("stream '" + design_[id].name + "' without a FIFO for one of its readers");
    }

    Bits open(StreamId id) {
        std::vector<Bits> terms;
        for (const Lane& lane : channels_[id.index()].lanes) terms.push_back(lane.open);
        return c_->all_of(legal_name(design_[id].name) + "_open", terms);
    }

    // Input ports: words go to all FIFOs of their stream in the cycle they are accepted.
    void accept() {
        c_->note("inputs");
        std::vector<Bits> at_start;
        std::vector<Bits> opens;
        std::vector<Bits> accepted;
        std::vector<Circuit::Counter> words;
        Bits wrong = zero();
        for (std::size_t p = 0; p < sources_.size(); ++p) {
            const StreamPort& port = out_.inputs[p];
            accepted.push_back(c_->wire(port.name + "_accepted", 1));
            words.push_back(c_->counter(port.name + "_index", static_cast<std::int64_t>(port.words),
                                        accepted[p]));
            const bool is_one = port.words == 1;
            at_start.push_back(is_one ? one()
                                      : c_->equals(port.name + "_starts", words[p].value, 0));
            opens.push_back(open(port.stream));
            const Bits differs =
                c_->differ(port.name + "_misplaced", sources_[p].last, words[p].is_last);
            wrong = c_->either("misplaced", wrong,
                               c_->both(port.name + "_wrong", accepted[p], differs));
        }
        const Bits start = all_start(at_start, opens);
        for (std::size_t p = 0; p < sources_.size(); ++p) {
            const StreamPort& port = out_.inputs[p];
            Bits ready = opens[p];
            if (sources_.size() > 1 && out_.is_loadable()) {
                ready = c_->both(port.name + "_may",
                                 c_->either(port.name + "_may_start", start,
                                            c_->invert(port.name + "_is_within", at_start[p])),
                                 opens[p]);
            }
            c_->drive(sources_[p].ready, ready);
            c_->drive(accepted[p], c_->both(port.name + "_moves", sources_[p].valid, ready));
            Channel& channel = channels_[port.stream.index()];
            c_->drive(channel.fire, accepted[p]);
            c_->drive(channel.push, accepted[p]);
            Bits word = sources_[p].word;
            if (out_.is_loadable()) {
                const Bits begins = c_->both(port.name + "_begins", accepted[p], at_start[p]);
                const Bits held = c_->delayed(port.name + "_bank_held", bank_, begins);
                append(word, c_->choose(port.name + "_bank", at_start[p], bank_, held));
                if (p == 0) c_->drive(begins_, begins);
            }
            c_->drive(channel.word, word);
        }
        const Bits sticky = c_->state("frame_error_kept", 1);
        c_->clock_reset(sticky, c_->either("frame_error_next", sticky, wrong));
        c_->drive(frame_error_, sticky);
    }

    // Loadable designs with several inputs begin an event on all of them in one cycle, so that all
    // take the same bank.
    Bits all_start(const std::vector<Bits>& at_start, const std::vector<Bits>& opens) {
        if (sources_.size() < 2 || !out_.is_loadable()) return one();
        std::vector<Bits> terms = at_start;
        terms.insert(terms.end(), opens.begin(), opens.end());
        for (const PortBits& source : sources_) terms.push_back(source.valid);
        return c_->all_of("all_start", terms);
    }

    void place_stage(std::size_t s, ModuleId module) {
        const arch::Stage& stage = design_.stages[s];
        std::vector<std::pair<std::string, Bits>> connections;
        for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
            const StreamId id = stage.inputs[i].stream;
            const auto& readers = design_[id].readers;
            std::size_t reader = 0;
            while (readers[reader].stage.index() != s || readers[reader].input != i) ++reader;
            const Lane& from = lane(id, reader);
            const std::string name = fmt::format("in{}", i);
            connections.emplace_back(name + "_valid", from.valid);
            connections.emplace_back(name, from.word);
            connections.emplace_back(name + "_pop", from.pop);
        }
        const Channel& to = channels_[stage.output.index()];
        connections.emplace_back("open", open(stage.output));
        connections.emplace_back("fire", to.fire);
        connections.emplace_back("push", to.push);
        connections.emplace_back("out", to.word);
        for (std::size_t b = 0; b < out_.blocks.size(); ++b) {
            if (out_.blocks[b].stage != s) continue;
            connections.emplace_back("load_write", loads_[b]);
            connections.emplace_back(
                "load_address", take({load_address_, false}, 0, out_.blocks[b].address_bits()));
            connections.emplace_back("load_data", load_data_);
        }
        c_->instance(legal_name(stage.name) + "_i", out_.netlist, module, connections);
    }

    void place_fifos() {
        c_->note("streams");
        FifoLibrary library(out_.netlist, out_.netlist.name);
        for (std::size_t s = 0; s < channels_.size(); ++s) {
            const bool is_port = !design_.streams[s].producer.valid();
            const auto reservation = is_port ? Reservation::kWithPush : Reservation::kAhead;
            const Channel& channel = channels_[s];
            for (const Lane& lane : channel.lanes) {
                const ModuleId module = library.get(lane.depth, channel.word.width(), reservation);
                std::vector<std::pair<std::string, Bits>> connections{
                    {"push", channel.push}, {"in", channel.word},  {"pop", lane.pop},
                    {"open", lane.open},    {"valid", lane.valid}, {"out", lane.word}};
                if (!is_port) connections.emplace_back("reserve", channel.fire);
                c_->instance(
                    fmt::format("{}_to{}_fifo", legal_name(design_.streams[s].name), lane.reader),
                    out_.netlist, module, connections);
            }
        }
    }

    void offer() {
        c_->note("outputs");
        for (std::size_t p = 0; p < sinks_.size(); ++p) {
            const StreamPort& port = out_.outputs[p];
            const Lane& from = lane(port.stream, design_[port.stream].readers.size() + p);
            const Bits leaves = c_->both(port.name + "_leaves", from.valid, sinks_[p].ready);
            const auto index =
                c_->counter(port.name + "_index", static_cast<std::int64_t>(port.words), leaves);
            c_->drive(sinks_[p].valid, from.valid);
            c_->drive(sinks_[p].word, take({from.word, false}, 0, port.bits));
            c_->drive(sinks_[p].last, index.is_last);
            c_->drive(from.pop, leaves);
            ends_.push_back(c_->both(port.name + "_ends", leaves, index.is_last));
            ends_bank_.push_back(take({from.word, false}, from.word.width() - 1, 1));
        }
    }

    void place_control() {
        std::vector<std::pair<std::string, Bits>> connections = registers_;
        connections.emplace_back("begins", begins_);
        for (std::size_t p = 0; p < ends_.size(); ++p) {
            connections.emplace_back(fmt::format("ends{}", p), ends_[p]);
            connections.emplace_back(fmt::format("ends{}_bank", p), ends_bank_[p]);
        }
        connections.emplace_back("frame_error", frame_error_);
        connections.emplace_back("bank", bank_);
        for (std::size_t b = 0; b < loads_.size(); ++b) {
            connections.emplace_back(fmt::format("load{}", b), loads_[b]);
        }
        connections.emplace_back("load_address", load_address_);
        connections.emplace_back("load_data", load_data_);
        c_->instance("control_i", out_.netlist, control_, connections);
    }

    const StagedDesign& design_;
    const schedule::StagedSchedule& schedule_;
    StagedNetlist out_;
    Namer names_;
    Banks banks_ = Banks::kNone;
    ModuleId control_;
    Circuit* c_ = nullptr;
    std::vector<PortBits> sources_, sinks_;
    std::vector<Channel> channels_;
    std::vector<std::pair<std::string, Bits>> registers_;
    Bits frame_error_, bank_, begins_, load_address_, load_data_;
    std::vector<Bits> loads_, ends_, ends_bank_;
};

}  // namespace

StagedNetlist build_staged_netlist(const StagedDesign& design,
                                   const schedule::StagedSchedule& schedule) {
    return TopBuilder(design, schedule).run();
}

}  // namespace gatewright::rtl
