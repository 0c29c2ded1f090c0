// SPDX-License-Identifier: Apache-2.0
//
// The bit-exact emulation of a Gatewright design in C++17 and later: a thin, inline cover of the C
// interface in gatewright.h, so that a program built with one compiler and standard library works
// with a gatewright library built with another.
//
//     const auto jets = gatewright::Emulator::load("jets/");
//     if (!jets) return report(jets.error().message);
//     std::vector<double> x(16 * events), y(5 * events);
//     if (const auto done = jets->run(x, y); !done) return report(done.error().message);
//
// An Emulator is constant after loading: share one `const Emulator&` among all threads. Errors are
// values; nothing here throws, except that a std::string may run out of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "gatewright.h"

namespace gatewright {
inline namespace v1 {

struct Error {
    int status = GATEWRIGHT_OK;  ///< gatewright_status
    std::string message;         ///< what was found, what was expected, where
};

/// A value, or why there is none.
template <class T>
class [[nodiscard]] Expected {
  public:
    Expected(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Expected(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    // Only with a value.
    [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&content_); }
    [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&content_); }
    [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&content_)); }
    [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&content_); }
    [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&content_); }
    // Only without.
    [[nodiscard]] const Error& error() const noexcept { return *std::get_if<1>(&content_); }

  private:
    std::variant<T, Error> content_;
};

/// Done, or why not.
template <>
class [[nodiscard]] Expected<void> {
  public:
    Expected() = default;
    Expected(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] const Error& error() const noexcept { return *error_; }

  private:
    std::optional<Error> error_;
};

/// Values in a row that belong to someone else: a pointer and a count, or any vector, array or
/// std::span.
template <class T>
class Span {
  public:
    constexpr Span() = default;
    constexpr Span(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class Range, class = std::enable_if_t<
                               std::is_convertible_v<decltype(std::declval<Range&>().data()), T*> &&
                               sizeof(*std::declval<Range&>().data()) == sizeof(T)>>
    constexpr Span(Range&& range) noexcept : data_(range.data()), size_(range.size()) {}
    template <std::size_t N>
    constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}

    [[nodiscard]] constexpr T* data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

  private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
};

/// value = code · 2^-fraction_bits.
struct Format {
    bool is_signed = false;
    int width = 0;
    int fraction_bits = 0;
    std::string type;  ///< "fixed<16,6,RND,SAT>"
};

struct Port {
    std::string name;
    std::vector<std::int64_t> shape;  ///< without the axis of events
    std::size_t first = 0;            ///< its first element among those of all ports
    std::vector<Format> elements;     ///< row-major
};

/// How many threads share the events of one call. Results never depend on it.
enum class Threads : unsigned { kAll = 0, kOne = 1 };

class Emulator {
  public:
    /// A design directory, its design.json, or a native model file.
    [[nodiscard]] static Expected<Emulator> load(const std::string& path) {
        gatewright_emulator* handle = nullptr;
        if (const int status = gatewright_load(path.c_str(), &handle); status != GATEWRIGHT_OK)
            return last_error(status);
        return Emulator(handle);
    }

    [[nodiscard]] std::string name() const { return gatewright_name(handle_.get()); }
    [[nodiscard]] std::string part() const { return gatewright_part(handle_.get()); }
    [[nodiscard]] double clock_mhz() const noexcept { return gatewright_clock_mhz(handle_.get()); }
    [[nodiscard]] int latency_cycles() const noexcept {
        return gatewright_latency_cycles(handle_.get());
    }
    [[nodiscard]] int initiation_interval() const noexcept {
        return gatewright_initiation_interval(handle_.get());
    }
    [[nodiscard]] std::vector<Port> inputs() const { return ports(GATEWRIGHT_INPUT); }
    [[nodiscard]] std::vector<Port> outputs() const { return ports(GATEWRIGHT_OUTPUT); }
    /// Values of one event.
    [[nodiscard]] std::size_t input_count() const noexcept {
        return gatewright_element_count(handle_.get(), GATEWRIGHT_INPUT);
    }
    [[nodiscard]] std::size_t output_count() const noexcept {
        return gatewright_element_count(handle_.get(), GATEWRIGHT_OUTPUT);
    }

    /// Real values of a whole number of events, event after event, all ports in order.
    Expected<void> run(Span<const double> inputs, Span<double> outputs,
                       Threads threads = Threads::kOne) const {
        return finish(gatewright_run_f64(handle_.get(), inputs.data(), inputs.size(),
                                         outputs.data(), outputs.size(), count(threads)));
    }
    Expected<void> run(Span<const float> inputs, Span<float> outputs,
                       Threads threads = Threads::kOne) const {
        return finish(gatewright_run_f32(handle_.get(), inputs.data(), inputs.size(),
                                         outputs.data(), outputs.size(), count(threads)));
    }
    /// The same for codes, as they are on the wires.
    Expected<void> run_codes(Span<const std::int16_t> inputs, Span<std::int16_t> outputs,
                             Threads threads = Threads::kOne) const {
        return finish(gatewright_run_i16(handle_.get(), inputs.data(), inputs.size(),
                                         outputs.data(), outputs.size(), count(threads)));
    }
    Expected<void> run_codes(Span<const std::int32_t> inputs, Span<std::int32_t> outputs,
                             Threads threads = Threads::kOne) const {
        return finish(gatewright_run_i32(handle_.get(), inputs.data(), inputs.size(),
                                         outputs.data(), outputs.size(), count(threads)));
    }
    Expected<void> run_codes(Span<const std::int64_t> inputs, Span<std::int64_t> outputs,
                             Threads threads = Threads::kOne) const {
        return finish(gatewright_run_i64(handle_.get(), inputs.data(), inputs.size(),
                                         outputs.data(), outputs.size(), count(threads)));
    }

  private:
    struct Free {
        void operator()(gatewright_emulator* handle) const noexcept { gatewright_free(handle); }
    };
    explicit Emulator(gatewright_emulator* handle) noexcept : handle_(handle) {}

    static unsigned count(Threads threads) noexcept { return static_cast<unsigned>(threads); }
    static Error last_error(int status) { return Error{status, gatewright_last_error()}; }
    static Expected<void> finish(int status) {
        if (status == GATEWRIGHT_OK) return {};
        return last_error(status);
    }
    [[nodiscard]] std::vector<Port> ports(int direction) const {
        std::vector<Port> out(gatewright_port_count(handle_.get(), direction));
        for (std::size_t p = 0; p < out.size(); ++p) {
            gatewright_port port{};
            if (gatewright_get_port(handle_.get(), direction, p, &port) != GATEWRIGHT_OK) continue;
            out[p].name = port.name;
            out[p].shape.assign(port.shape, port.shape + port.rank);
            out[p].first = port.first;
            for (std::size_t i = 0; i < port.elements; ++i) {
                gatewright_format f{};
                gatewright_get_format(handle_.get(), direction, port.first + i, &f);
                out[p].elements.push_back({f.is_signed != 0, f.width, f.fraction_bits, f.type});
            }
        }
        return out;
    }

    std::unique_ptr<gatewright_emulator, Free> handle_;
};

/// Of the library that is loaded, not of this header.
[[nodiscard]] inline std::string library_version() {
    return gatewright_version();
}

}  // namespace v1
}  // namespace gatewright
