// SPDX-License-Identifier: Apache-2.0
//
// event_loop DESIGN [EVENTS [THREADS]]: a trigger emulation inside an event loop such as those of
// the experiments' frameworks. The framework owns the threads; it calls the modules once per event,
// each thread with a context of its own. The emulator is loaded once, is constant, and is shared by
// all threads without a lock: it starts no threads and keeps no state between calls.
//
// In the end every event is compared with one batch over all of them: the same bits.
#include <gatewright/emulator.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace framework {

struct Event {
    std::uint64_t number = 0;
    std::vector<float> features;  // a module's product, the input of the next
    std::vector<float> scores;
    bool accepted = false;
};

/// Modules are shared by all threads: process() is const, and what changes lives in the event.
class Module {
  public:
    Module() = default;
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    virtual ~Module() = default;
    virtual bool process(Event& event) const = 0;
};

using Path = std::vector<std::unique_ptr<Module>>;

/// Every thread takes the next event until none is left. False if a module failed.
bool run(const Path& path, std::vector<Event>& events, unsigned threads) {
    std::atomic<std::size_t> next{0};
    std::atomic<bool> good{true};
    const auto work = [&] {
        for (std::size_t i = next++; i < events.size() && good; i = next++) {
            for (const auto& module : path) {
                if (!module->process(events[i])) good = false;
            }
        }
    };
    std::vector<std::thread> workers;
    for (unsigned t = 0; t < threads; ++t) workers.emplace_back(work);
    for (std::thread& worker : workers) worker.join();
    return good;
}

}  // namespace framework

namespace {

using framework::Event;

/// Stands for the reconstruction: features from the event's number, the same on every thread.
class MakeFeatures : public framework::Module {
  public:
    explicit MakeFeatures(std::size_t count) : count_(count) {}
    bool process(Event& event) const override {
        std::uint64_t state = event.number * 0x9e3779b97f4a7c15U + 1;
        event.features.resize(count_);
        for (float& feature : event.features) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            feature = static_cast<float>(static_cast<std::int32_t>(state >> 32U)) / 0x1p29F;
        }
        return true;
    }

  private:
    std::size_t count_;
};

/// The trigger's network as it runs in the hardware.
class EmulateTrigger : public framework::Module {
  public:
    explicit EmulateTrigger(const gatewright::Emulator& network) : network_(network) {}
    bool process(Event& event) const override {
        event.scores.resize(network_.output_count());
        const auto done = network_.run(event.features, event.scores);
        if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
        return done.has_value();
    }

  private:
    const gatewright::Emulator& network_;
};

class Decide : public framework::Module {
  public:
    bool process(Event& event) const override {
        for (const float score : event.scores) event.accepted |= score > 0;
        return true;
    }
};

std::size_t differences(const gatewright::Emulator& network, const std::vector<Event>& events) {
    std::vector<float> x;
    for (const Event& event : events)
        x.insert(x.end(), event.features.begin(), event.features.end());
    std::vector<float> y(events.size() * network.output_count());
    if (!network.run(x, y, gatewright::Threads::kAll)) return events.size();
    std::size_t count = 0;
    for (std::size_t e = 0; e < events.size(); ++e) {
        const auto first = y.begin() + static_cast<std::ptrdiff_t>(e * network.output_count());
        if (!std::equal(events[e].scores.begin(), events[e].scores.end(), first)) ++count;
    }
    return count;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s DESIGN [EVENTS [THREADS]]\n", argv[0]);
        return 2;
    }
    const auto network = gatewright::Emulator::load(argv[1]);
    if (!network) {
        std::fprintf(stderr, "%s\n", network.error().message.c_str());
        return 1;
    }
    std::vector<Event> events(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20000);
    for (std::size_t e = 0; e < events.size(); ++e) events[e].number = e;
    const auto threads = static_cast<unsigned>(argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 4);

    framework::Path path;
    path.push_back(std::make_unique<MakeFeatures>(network->input_count()));
    path.push_back(std::make_unique<EmulateTrigger>(*network));
    path.push_back(std::make_unique<Decide>());
    if (!framework::run(path, events, threads)) return 1;

    std::size_t accepted = 0;
    for (const Event& event : events) accepted += event.accepted ? 1 : 0;
    const std::size_t wrong = differences(*network, events);
    std::printf("%zu events on %u threads, %zu accepted, %zu differ from the batch\n",
                events.size(), threads, accepted, wrong);
    return wrong == 0 ? 0 : 1;
}
