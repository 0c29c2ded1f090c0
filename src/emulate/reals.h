// SPDX-License-Identifier: Apache-2.0
//
// Real values in, real values out: the ports' casts around an engine, block by block, so that no
// array of codes is made. The casts are exact: a double is a dyadic number and scaling it by a
// power of two loses nothing; values where that fails, or that the fast loop does not cover, go
// through exact arithmetic one by one.
#pragma once

#include <span>
#include <vector>

#include "dfg/interface.h"
#include "emulate/batch_function.h"
#include "support/result.h"

namespace gatewright::emulate {

/// The code of a finite value in a port element's type.
fixed::Integer real_to_code(double value, const fixed::Cast& cast);

/// The ports of an engine's program on real numbers. Immutable; any number of threads may run it.
class RealPorts {
  public:
    /// The elements of the ports are the program's inputs and outputs in order.
    explicit RealPorts(const dfg::Interface& ports);

    [[nodiscard]] std::size_t input_count() const { return inputs_.size(); }
    [[nodiscard]] std::size_t output_count() const { return outputs_.size(); }

    /// One array per port, event-major: inputs[p][e * elements of p + i], and so the outputs. Every
    /// array must hold `events` events. NaN and infinities are errors that name port, event and
    /// element; the outputs are then undefined. The function must fit int64.
    template <class Real>
    Status run(const BatchFunction& engine, std::span<const Real* const> inputs,
               std::span<Real* const> outputs, std::size_t events, std::size_t threads = 0) const;

  private:
    struct Element {
        std::uint32_t port = 0;
        std::uint32_t index = 0;  ///< within the port
        fixed::Cast cast;
    };
    struct Part {
        std::size_t first = 0;  ///< element of the program
        std::size_t count = 0;
    };
    template <class Real, class Code>
    bool to_codes(std::span<const Real* const> inputs, std::size_t begin, std::size_t events,
                  Code* codes) const;
    template <class Real, class Code>
    void to_reals(const Code* codes, std::size_t begin, std::size_t events,
                  std::span<Real* const> outputs) const;
    template <class Real, class Code>
    Status run_in(const BatchFunction& engine, std::span<const Real* const> inputs,
                  std::span<Real* const> outputs, std::size_t events, std::size_t threads) const;
    template <class Real>
    Status first_error(std::span<const Real* const> inputs, std::size_t events) const;

    std::vector<std::string> names_;
    std::vector<Part> input_parts_;
    std::vector<Part> output_parts_;
    std::vector<Element> inputs_;
    std::vector<Element> outputs_;
    // Per input element, for the fast loop.
    std::vector<double> scale_;
    std::vector<double> threshold_;  ///< fractions from here on round up
    std::vector<double> lowest_;
    std::vector<double> highest_;
    bool all_fast_ = true;
    std::vector<double> unit_;  ///< per output element: the value of code 1
    bool has_units_ = true;     ///< they are normal numbers
    int input_bits_ = 0;        ///< widest input format
};

}  // namespace gatewright::emulate
