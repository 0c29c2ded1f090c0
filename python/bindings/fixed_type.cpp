// SPDX-License-Identifier: Apache-2.0
#include "fixed_type.h"

#include <fmt/format.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <cmath>

#include "emulate/reals.h"
#include "fixed/dyadic.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using gatewright::fixed::Cast;
using gatewright::fixed::Dyadic;

template <class T>
using Values = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

Cast parsed(const std::string& text) {
    auto cast = gatewright::fixed::parse_cast(text);
    if (!cast) raise_error(cast.error().message);
    return *cast;
}

double finite(double value, std::size_t index) {
    if (!std::isfinite(value))
        raise_error(fmt::format("value {} is {}; only finite numbers have a code", index, value));
    return value;
}

void quantize(const Cast& cast, Values<const double> values, Values<double> results) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto code = gatewright::emulate::real_to_code(finite(values(i), i), cast);
        results(i) = Dyadic(code, -cast.format.frac).to_double();
    }
}

void to_codes(const Cast& cast, Values<const double> values, Values<std::int64_t> codes) {
    const int bits = cast.format.width + (cast.format.is_signed ? 0 : 1);
    if (bits > 64) raise_error(to_string(cast) + ": its codes do not fit 64-bit integers");
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto code = gatewright::emulate::real_to_code(finite(values(i), i), cast);
        codes(i) = code.to_int64().value_or(0);
    }
}

void to_values(const Cast& cast, Values<const std::int64_t> codes, Values<double> results) {
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const gatewright::fixed::Integer code(codes(i));
        if (!cast.format.holds(code))
            raise_error(fmt::format("code {} does not fit {}", codes(i), to_string(cast)));
        results(i) = Dyadic(code, -cast.format.frac).to_double();
    }
}

double value_of(const Cast& cast, const gatewright::fixed::Integer& code) {
    return Dyadic(code, -cast.format.frac).to_double();
}

}  // namespace

void add_fixed_type(nb::module_& module) {
    nb::class_<Cast>(module, "FixedType")
        .def_static("parse", &parsed, "text"_a)
        .def("text", [](const Cast& cast) { return to_string(cast); })
        .def_prop_ro("is_signed", [](const Cast& cast) { return cast.format.is_signed; })
        .def_prop_ro("width", [](const Cast& cast) { return cast.format.width; })
        .def_prop_ro("fraction_bits", [](const Cast& cast) { return cast.format.frac; })
        .def_prop_ro("round", [](const Cast& cast) { return std::string(to_string(cast.round)); })
        .def_prop_ro("overflow",
                     [](const Cast& cast) { return std::string(to_string(cast.overflow)); })
        .def_prop_ro("saturation_bits", [](const Cast& cast) { return cast.saturation_bits; })
        .def_prop_ro("min", [](const Cast& cast) { return value_of(cast, cast.format.min_code()); })
        .def_prop_ro("max", [](const Cast& cast) { return value_of(cast, cast.format.max_code()); })
        .def("quantize", &quantize, "values"_a.noconvert(), "results"_a.noconvert(),
             nb::call_guard<nb::gil_scoped_release>())
        .def("to_codes", &to_codes, "values"_a.noconvert(), "codes"_a.noconvert(),
             nb::call_guard<nb::gil_scoped_release>())
        .def("to_values", &to_values, "codes"_a.noconvert(), "results"_a.noconvert(),
             nb::call_guard<nb::gil_scoped_release>());
}
