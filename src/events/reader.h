// SPDX-License-Identifier: Apache-2.0
//
// Events from files larger than memory: .npy (memory-mapped), .csv, HDF5 datasets, raw
// little-endian numbers, or any of them but HDF5 from standard input. A Reader hands out chunks of
// whole events in the order of the file; numbers that are stored the way the emulator takes them
// are not copied.
//
//   file.npy        file.csv        file.h5:/group/dataset        file.raw        - (standard
//   input)
//
// A dataset need not be named if the file has only one that fits. HDF5 is read in a process of its
// own, since the HDF5 library may crash on damaged files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::events {

/// What the numbers of a file are.
enum class Values : std::uint8_t {
    kReal,   ///< real values: chunks hold float32 or float64
    kCodes,  ///< raw codes: chunks hold integers; a number with a fraction is an error
};

enum class FileFormat : std::uint8_t { kByName, kNpy, kCsv, kHdf5, kRaw };

enum class ElementType : std::uint8_t { kFloat32, kFloat64, kInt16, kInt32, kInt64 };
std::size_t bytes_of(ElementType type);
/// "float32" ... "int64".
Result<ElementType> parse_element_type(const std::string& text);
/// "npy", "csv", "hdf5", "raw".
Result<FileFormat> parse_file_format(const std::string& text);
/// By the name's ending: .npy, .csv, .h5, .hdf5, .hdf, .raw, .bin. The error does not name the
/// file.
Result<FileFormat> format_by_name(const std::string& path);

/// Some events in a row, event-major. `data` is aligned for its type and lives until the next read.
struct Chunk {
    std::size_t events = 0;
    ElementType type = ElementType::kFloat64;
    const void* data = nullptr;
};

/// The first `count` numbers of a chunk of reals.
std::vector<double> reals_of(const Chunk& chunk, std::size_t count);

struct ReaderParams {
    Values values = Values::kReal;
    FileFormat format = FileFormat::kByName;
    /// Shape of one event. A file holds [events, ...shape] or [events, elements].
    tensor::Shape shape;
    ElementType raw_type = ElementType::kInt32;  ///< of kRaw files
};

class Reader {
  public:
    Reader() = default;
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    virtual ~Reader() = default;
    /// Events in the whole file, if that is known before the end (not for text or a pipe).
    [[nodiscard]] virtual std::optional<std::size_t> events() const = 0;
    /// The next events, at most `most`; fewer only before the end, 0 at the end. Errors name the
    /// file and the event.
    virtual Result<Chunk> read(std::size_t most) = 0;
};

/// Opens "file", "file.h5:/dataset" or "-".
Result<std::unique_ptr<Reader>> open_reader(const std::string& path, const ReaderParams& params);

}  // namespace gatewright::events
