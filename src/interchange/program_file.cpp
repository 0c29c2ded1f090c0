// SPDX-License-Identifier: Apache-2.0
#include "interchange/program_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <filesystem>

#include "dfg/text.h"
#include "interchange/alir.h"
#include "interchange/dais.h"
#include "interchange/from_dataflow.h"
#include "interchange/to_dataflow.h"
#include "support/check.h"
#include "support/files.h"

namespace gatewright::interchange {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr int kGzipWindow = 15 + 16;  // zlib: the largest window, with gzip framing
constexpr std::size_t kMostBytes = std::size_t{1} << 30U;

struct Inflate {
    z_stream stream{};
    Inflate() { GW_CHECK(inflateInit2(&stream, kGzipWindow) == Z_OK, "zlib does not start"); }
    Inflate(const Inflate&) = delete;
    Inflate& operator=(const Inflate&) = delete;
    ~Inflate() { inflateEnd(&stream); }
};

// zlib's interface takes bytes that it will not change as a pointer to bytes that it may.
Bytef* bytes_of(std::string_view text) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

Result<dfg::Program> parse_program(const std::string& path, std::string_view bytes) {
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    const char mark = first == std::string_view::npos ? '\0' : bytes[first];
    if (!bytes.starts_with(kGzipMagic) && mark != '{' && mark != '[') {
        if (mark == '\0') return fail("is empty");
        return dfg::parse_text(bytes);
    }
    GW_TRY(const SlotProgram slots, parse_slot_program(bytes));
    std::filesystem::path stem = std::filesystem::path(path).filename();
    while (stem.has_extension()) stem = stem.stem();
    return to_dataflow(slots, stem.string());
}

}  // namespace

Result<std::string> uncompressed(std::string_view bytes) {
    if (!bytes.starts_with(kGzipMagic)) return std::string(bytes);
    Inflate inflater;
    z_stream& stream = inflater.stream;
    stream.next_in = bytes_of(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    std::string block(std::size_t{1} << 16U, '\0');
    int state = Z_OK;
    while (state == Z_OK) {
        stream.next_out = bytes_of(block);
        stream.avail_out = static_cast<uInt>(block.size());
        state = inflate(&stream, Z_NO_FLUSH);
        out.append(block, 0, block.size() - stream.avail_out);
        if (out.size() > kMostBytes) {
            return fail(fmt::format("unpacks to more than {} bytes", kMostBytes));
        }
        if (state == Z_OK && stream.avail_in == 0 && stream.avail_out != 0) break;
    }
    if (state != Z_STREAM_END) return fail("is a damaged gzip file: copy or save it again");
    return out;
}

std::string gzip_compressed(std::string_view bytes) {
    z_stream stream{};
    const int level = 6;
    GW_CHECK(deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK,
             "zlib does not start");
    std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
    stream.next_in = bytes_of(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = bytes_of(out);
    stream.avail_out = static_cast<uInt>(out.size());
    const int state = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    GW_CHECK(state == Z_STREAM_END, "zlib did not finish");
    return out;
}

bool is_program(std::string_view bytes) {
    if (bytes.starts_with(kGzipMagic)) return true;
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return false;
    bytes.remove_prefix(first);
    // An array is DAIS: no other format we read is one. Of objects, ALIR says its version early.
    constexpr std::size_t kEarly = 1000;
    if (bytes[0] == '[') return true;
    if (bytes[0] == '{')
        return bytes.substr(0, kEarly).find("\"spec_version\"") != std::string_view::npos;
    return bytes.starts_with("program ") || bytes.starts_with("%0 ") || bytes.starts_with("#");
}

Result<SlotProgram> parse_slot_program(std::string_view bytes) {
    GW_TRY(const std::string text, uncompressed(bytes));
    GW_TRY(const Json json, parse_json(text));
    if (is_alir(json)) return read_alir(json);
    if (json.is_array()) return read_dais(json);
    return fail(
        "is no program: expected a file of alkaid (an object with \"meta\" and \"spec_version\") "
        "or of da4ml (an array)");
}

Result<dfg::Program> read_program(const std::string& path) {
    GW_TRY(const std::string bytes, read_file(path, kMostBytes));
    auto program = parse_program(path, bytes);
    if (!program) return fail_in(path, program.error());
    return program;
}

Status write_program(const std::string& path, const dfg::Program& program, Format format) {
    if (format == Format::kText) return write_file(path, dfg::to_text(program));
    const auto slots = from_dataflow(program);
    if (!slots) return fail_in(path, slots.error());
    const Json json = format == Format::kDais ? write_dais(*slots) : write_alir(*slots);
    const std::string text = json.dump();
    return write_file(path, path.ends_with(".gz") ? gzip_compressed(text) : text);
}

}  // namespace gatewright::interchange
