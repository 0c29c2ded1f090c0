// SPDX-License-Identifier: Apache-2.0
#include "tools/yosys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "support/files.h"
#include "tools/tool.h"

namespace gatewright::tools {
namespace {

// Each adder straight to its carry chain: without this, Yosys merges chained additions into
// carry-save trees of LUTs, which triples the area of an adder graph.
constexpr std::string_view kAdderMap = R"verilog(
(* techmap_celltype = "$add $sub" *)
module _gatewright_add (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  wire _TECHMAP_FAIL_ = A_WIDTH == 0 || B_WIDTH == 0;
  wire [Y_WIDTH-1:0] x, co;
  localparam SUB = _TECHMAP_CELLTYPE_ == "$sub";
  \$alu #(.A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH))
    _TECHMAP_REPLACE_ (.A(A), .B(B), .CI(SUB ? 1'b1 : 1'b0), .BI(SUB ? 1'b1 : 1'b0), .X(x), .Y(Y), .CO(co));
endmodule
)verilog";

// Three-input adders come as cells where the family has them (rtl/templates/add3.v.in).
std::string read_commands(const YosysJob& job) {
    std::string text;
    const bool is_xilinx = job.family.rfind("xc", 0) == 0;
    const char* const cells = is_xilinx ? "-D GATEWRIGHT_LUT6_2 " : "";
    for (const std::string& file : job.files) {
        text +=
            fmt::format("read_verilog {}\"{}\"\n", cells, std::filesystem::absolute(file).string());
    }
    return text + fmt::format("hierarchy -check -top {}\n", job.top);
}

std::string fast_xilinx(const YosysJob& job) {
    return "read_verilog -lib -specify +/xilinx/cells_sim.v\n" + read_commands(job) +
           "proc\nflatten\nopt_expr\nopt_clean\nopt_merge\nwreduce\nopt_expr -fine\n"
           "techmap -map adders.v\nalumacc\nopt_clean\n"
           // Enables of whole words, and nothing for words that are not written: else each bit of a
           // memory is mapped alone. LUT RAM as asked for; the others are logic.
           "opt_expr -mux_undef\nsimplemap t:$mux\nopt_expr\nopt_clean\nmemory -nordff -nomap\n" +
           "memory_map t:$mem_v2 a:ram_style=distributed %d\n" +
           fmt::format("synth_xilinx -family {} -run map_memory:map_ffram\n", job.family) +
           "memory_map\nopt_clean\n"
           "techmap -map +/techmap.v -D LUT_SIZE=6 -map +/xilinx/arith_map.v\n"
           "opt_expr\nopt_merge\nopt_dff\nopt_clean\n"
           "xilinx_srl -fixed -minlen 3\ntechmap -map +/xilinx/cells_map.v\n"
           "dfflegalize -cell $_DFFE_?P?P_ 01 -cell $_SDFFE_?P?P_ 01\n"
           "abc -luts 2:2,3,6:5\n"
           "techmap -map +/xilinx/ff_map.v\n"
           "techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH=6\n"
           "opt_lut_ins -tech xilinx\n"
           "read_verilog -lib -specify +/xilinx/cells_sim.v\nclean\n"
           "tee -q -o stat.txt stat\ntee -q -o sta.txt sta\n"
           "delete t:FD* t:SRL*\ntee -q -o ltp.txt ltp\n";
}

std::string vendor_xilinx(const YosysJob& job) {
    return "read_verilog -lib -specify +/xilinx/cells_sim.v\nread_verilog -lib "
           "+/xilinx/cells_xtra.v\n" +
           read_commands(job) +
           fmt::format(
               "synth_xilinx -family {} -top {} -flatten -nowidelut -noiopad -noclkbuf -run "
               "prepare:check\n",
               job.family, job.top) +
           "tee -q -o stat.txt stat\n"
           "delete t:FD* t:SRL* t:DSP* t:RAMB*\ntee -q -o ltp.txt ltp\n";
}

std::string ice40(const YosysJob& job) {
    return read_commands(job) + fmt::format("synth_ice40 -top {}\n", job.top) +
           "tee -q -o stat.txt stat\ndelete t:SB_DFF* t:SB_RAM*\ntee -q -o ltp.txt ltp\n";
}

// As the design directory's synth/synth.ys and as `place` does it.
std::string ecp5(const YosysJob& job) {
    return read_commands(job) +
           "proc\nflatten\nopt_expr\nopt_clean\nmemory_collect\nmemory_map\nopt_merge\nwreduce\n"
           "opt_expr -fine\ntechmap -map adders.v\n" +
           fmt::format("synth_ecp5 -nodsp -nobram -nolutram -top {}\n", job.top) +
           "tee -q -o stat.txt stat\ndelete t:TRELLIS_FF*\ntee -q -o ltp.txt ltp\n";
}

std::string generic(const YosysJob& job) {
    return read_commands(job) + fmt::format("synth -top {} -flatten -lut 6\n", job.top) +
           "tee -q -o stat.txt stat\ntee -q -o ltp.txt ltp -noff\n";
}

// The last "   TYPE   NUMBER" lines after "Number of cells:".
std::map<std::string, std::int64_t> parse_cells(const std::string& text) {
    std::map<std::string, std::int64_t> cells;
    std::istringstream lines(text);
    bool in_cells = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.find("Number of cells:") != std::string::npos) {
            cells.clear();
            in_cells = true;
            continue;
        }
        std::istringstream fields(line);
        std::string type;
        std::int64_t number = 0;
        if (in_cells && fields >> type >> number) {
            cells[type] = number;
        } else if (in_cells) {
            in_cells = false;
        }
    }
    return cells;
}

std::optional<std::int64_t> number_after(const std::string& text, std::string_view words) {
    const std::size_t at = text.find(words);
    if (at == std::string::npos) return std::nullopt;
    const std::size_t digit = text.find_first_of("0123456789", at + words.size());
    if (digit == std::string::npos) return std::nullopt;
    return std::strtoll(text.c_str() + digit, nullptr, 10);
}

// The arrival time is the first number after "is": the module's name may hold digits.
std::optional<std::int64_t> arrival(const std::string& text) {
    const std::size_t line = text.find("Latest arrival time in");
    if (line == std::string::npos) return std::nullopt;
    return number_after(text.substr(line), "' is");
}

bool starts_with(const std::string& text, std::string_view prefix) {
    return text.rfind(prefix, 0) == 0;
}

bool is_lut(const std::string& type) {
    const bool xilinx = type.size() == 4 && starts_with(type, "LUT");
    return xilinx || type == "SB_LUT4" || type == "$lut" || type == "LUT6_2";
}

bool is_flip_flop(const std::string& type) {
    const bool generic = starts_with(type, "$_") && type.find("DFF") != std::string::npos;
    return starts_with(type, "FD") || starts_with(type, "SB_DFF") || type == "TRELLIS_FF" ||
           generic;
}

void count_cells(YosysReport& report) {
    for (const auto& [type, number] : report.cells) {
        if (is_lut(type)) report.lut += number;
        if (type == "CCU2C") report.lut += 2 * number;  // two LUTs with their carries
        if (type == "INV" || type == "$_NOT_") report.inverters += number;
        if (is_flip_flop(type)) report.ff += number;
        if (type == "CARRY4" || type == "CARRY8" || type == "SB_CARRY" || type == "CCU2C")
            report.carry += number;
        if (starts_with(type, "DSP") || type == "SB_MAC16") report.dsp += number;
        if (starts_with(type, "RAMB") || starts_with(type, "URAM") || starts_with(type, "SB_RAM")) {
            report.bram += number;
        }
        if (starts_with(type, "MUXF") || type == "PFUMX" || type == "L6MUX21")
            report.muxf += number;
        if (starts_with(type, "SRL")) report.srl += number;
        if (starts_with(type, "RAM") && !starts_with(type, "RAMB")) report.lutram += number;
    }
}

struct Script {
    std::string flow;
    std::string text;
};

Result<Script> script_for(const YosysJob& job) {
    const std::vector<std::string> families = yosys_families();
    const bool known = std::find(families.begin(), families.end(), job.family) != families.end();
    if (starts_with(job.family, "xc") && known) {
        if (job.flow == YosysFlow::kFast) return Script{"fast", fast_xilinx(job)};
        return Script{"synth_xilinx -nowidelut", vendor_xilinx(job)};
    }
    if (job.family == "ice40") return Script{"synth_ice40", ice40(job)};
    if (job.family == "ecp5") return Script{"synth_ecp5", ecp5(job)};
    if (job.family == "generic") return Script{"synth -lut 6", generic(job)};
    return fail(fmt::format("unknown synthesis family '{}'; known are {}", job.family,
                            fmt::join(yosys_families(), ", ")));
}

}  // namespace

std::vector<std::string> yosys_families() {
    return {"xcup", "xcu", "xc7", "ice40", "ecp5", "generic"};
}

std::string yosys_adder_map() {
    return std::string(kAdderMap);
}

Result<YosysReport> synthesize(const YosysJob& job) {
    GW_TRY(const Script script, script_for(job));
    GW_TRY(const ScratchDirectory scratch, ScratchDirectory::create());
    GW_TRY_STATUS(write_file(scratch.file("adders.v"), kAdderMap));
    GW_TRY_STATUS(write_file(scratch.file("synth.ys"), script.text));
    YosysReport report;
    GW_TRY(report.tool, version(kYosys));
    GW_TRY(const ProcessOutcome outcome,
           run_tool(kYosys, {"-q", "-s", "synth.ys"}, within(job.time_limit, scratch.path())));
    report.seconds = outcome.seconds;
    report.family = job.family;
    report.flow = script.flow;
    GW_TRY(const std::string stat, read_file(scratch.file("stat.txt")));
    report.cells = parse_cells(stat);
    count_cells(report);
    if (const auto text = read_file(scratch.file("ltp.txt")))
        report.depth = number_after(*text, "(length=");
    if (const auto text = read_file(scratch.file("sta.txt"))) report.logic_ps = arrival(*text);
    return report;
}

}  // namespace gatewright::tools
