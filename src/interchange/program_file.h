// SPDX-License-Identifier: Apache-2.0
//
// Program files of three formats: our text form (.gw, .txt), DAIS 1 (.json, of da4ml) and ALIR 4
// (.json or .json.gz, of alkaid). Reading goes by the content, writing by the format asked for.
#pragma once

#include <string>
#include <string_view>

#include "dfg/program.h"
#include "interchange/slot_program.h"

namespace gatewright::interchange {

/// The bytes of a gzip file (RFC 1952), or the bytes as they are if they are none.
Result<std::string> uncompressed(std::string_view bytes);
std::string gzip_compressed(std::string_view bytes);

/// A program of either tool from the bytes of a file, compressed or not.
Result<SlotProgram> parse_slot_program(std::string_view bytes);

/// True if a file that begins with (or is) these bytes is one of the three, as far as its first
/// bytes tell.
bool is_program(std::string_view bytes);

/// Any of the three formats. Errors start with the path.
Result<dfg::Program> read_program(const std::string& path);

enum class Format : std::uint8_t { kText, kDais, kAlir };
/// Writes the program; an ALIR path ending in .gz is compressed. Errors start with the path.
Status write_program(const std::string& path, const dfg::Program& program, Format format);

}  // namespace gatewright::interchange
