// SPDX-License-Identifier: Apache-2.0
//
// gatewright._core: the emulator on numpy arrays, fixed-point types, and the command line as a
// function. Everything a user sees is made of these in python/gatewright; nothing is decided here.
// The interpreter's lock is released while C++ works.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "cli/answer.h"
#include "compile/design_directory.h"
#include "fixed_type.h"
#include "runtime/emulator.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using gatewright::runtime::Emulator;
using gatewright::runtime::RunError;

struct PythonError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class T>
using Rows = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// (exit code, standard output, error message) of a command; `progress(stage)` is called as each
// stage begins, and an exception in it (an interrupt) ends the command.
std::tuple<int, std::string, std::string> run_command(const std::vector<std::string>& arguments,
                                                      const nb::object& progress) {
    const auto listener = [&](std::string_view stage) {
        const nb::gil_scoped_acquire lock;
        if (PyErr_CheckSignals() != 0) throw nb::python_error();
        if (!progress.is_none()) progress(std::string(stage));
    };
    gatewright::Progress stages{gatewright::Progress::Listener(listener)};
    const nb::gil_scoped_release release;
    auto answer = gatewright::cli::answer(arguments, stages);
    return {answer.exit_code, std::move(answer.output), std::move(answer.error)};
}

Emulator load(const std::string& path) {
    const nb::gil_scoped_release release;
    auto stored = gatewright::runtime::load_program(path);
    if (!stored) throw PythonError(stored.error().message);
    return Emulator(std::move(*stored));
}

void check(const RunError& error) {
    if (error) throw PythonError(error.message);
}

template <class Real>
void run_reals(const Emulator& emulator, Rows<const Real> inputs, Rows<Real> outputs,
               unsigned threads) {
    const nb::gil_scoped_release release;
    check(emulator.run(std::span<const Real>(inputs.data(), inputs.size()),
                       std::span<Real>(outputs.data(), outputs.size()), threads));
}

template <class Code>
void run_codes(const Emulator& emulator, Rows<const Code> inputs, Rows<Code> outputs,
               unsigned threads) {
    const nb::gil_scoped_release release;
    check(emulator.run_codes(std::span<const Code>(inputs.data(), inputs.size()),
                             std::span<Code>(outputs.data(), outputs.size()), threads));
}

// [(name, shape, [type of every element])]
nb::list ports(const std::vector<gatewright::dfg::Port>& from) {
    nb::list out;
    for (const auto& port : from) {
        nb::list types;
        for (const auto& element : port.elements) types.append(nb::cast(element));
        nb::list shape;
        for (const std::int64_t size : port.shape) shape.append(size);
        out.append(nb::make_tuple(port.name, nb::tuple(shape), types));
    }
    return out;
}

void add_emulator(nb::module_& module) {
    const auto stored = [](const Emulator& e) -> const auto& {
        return e.stored();
    };
    nb::class_<Emulator>(module, "Emulator")
        .def_static("load", &load, "path"_a)
        .def_prop_ro("name", [=](const Emulator& e) { return stored(e).name; })
        .def_prop_ro("part", [=](const Emulator& e) { return stored(e).part; })
        .def_prop_ro("clock_mhz", [=](const Emulator& e) { return stored(e).clock_mhz; })
        .def_prop_ro("latency_cycles", [=](const Emulator& e) { return stored(e).latency_cycles; })
        .def_prop_ro("initiation_interval",
                     [=](const Emulator& e) { return stored(e).initiation_interval; })
        .def_prop_ro("inputs", [=](const Emulator& e) { return ports(stored(e).ports.inputs); })
        .def_prop_ro("outputs", [=](const Emulator& e) { return ports(stored(e).ports.outputs); })
        .def_prop_ro("description", &Emulator::description)
        .def("run", &run_reals<double>, "inputs"_a.noconvert(), "outputs"_a.noconvert(),
             "threads"_a)
        .def("run", &run_reals<float>, "inputs"_a.noconvert(), "outputs"_a.noconvert(), "threads"_a)
        .def("run_codes", &run_codes<std::int16_t>, "inputs"_a.noconvert(), "outputs"_a.noconvert(),
             "threads"_a)
        .def("run_codes", &run_codes<std::int32_t>, "inputs"_a.noconvert(), "outputs"_a.noconvert(),
             "threads"_a)
        .def("run_codes", &run_codes<std::int64_t>, "inputs"_a.noconvert(), "outputs"_a.noconvert(),
             "threads"_a);
}

}  // namespace

void raise_error(const std::string& message) {
    throw PythonError(message);
}

NB_MODULE(_core, module) {
    module.doc() = "The compiled half of gatewright.";
    nb::exception<PythonError>(module, "Error");
    module.def("version", &gatewright::compile::version);
    module.def("run_command", &run_command, "arguments"_a, "progress"_a.none());
    add_fixed_type(module);
    add_emulator(module);
}
