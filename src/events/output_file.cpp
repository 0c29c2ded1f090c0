// SPDX-License-Identifier: Apache-2.0
#include "events/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatewright::events {
namespace {

std::string cannot_write(const std::string& path) {
    return fmt::format("{}: cannot be written: {}", path == "-" ? "standard output" : path,
                       std::strerror(errno));
}

}  // namespace

OutputFile::OutputFile(std::string path, std::string part, int fd)
    : path_(std::move(path)), part_(std::move(part)), fd_(fd) {
    if (part_.empty()) return;
    on_interrupt_ =
        std::make_unique<CleanupOnInterrupt>([part = part_] { ::unlink(part.c_str()); });
}

Result<std::unique_ptr<OutputFile>> OutputFile::create(const std::string& path) {
    if (path == "-") return std::unique_ptr<OutputFile>(new OutputFile(path, "", STDOUT_FILENO));
    const HoldInterrupts whole;
    const std::string part = fmt::format("{}.part{}", path, ::getpid());
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return fail(cannot_write(path));
    return std::unique_ptr<OutputFile>(new OutputFile(path, part, fd));
}

OutputFile::~OutputFile() {
    if (part_.empty()) return;
    if (fd_ >= 0) ::close(fd_);
    ::unlink(part_.c_str());
}

Status OutputFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail(cannot_write(path_));
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Status OutputFile::rewrite(std::string_view bytes) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), 0);
    if (written != static_cast<ssize_t>(bytes.size())) return fail(cannot_write(path_));
    return {};
}

Status OutputFile::finish() {
    if (part_.empty()) return {};
    const bool is_on_disk = ::fsync(fd_) == 0 || errno == EINVAL || errno == EROFS;
    const bool is_closed = ::close(fd_) == 0;
    fd_ = -1;
    if (!is_on_disk || !is_closed) return fail(cannot_write(path_));
    const HoldInterrupts whole;
    if (::rename(part_.c_str(), path_.c_str()) != 0) return fail(cannot_write(path_));
    part_.clear();
    on_interrupt_.reset();
    return {};
}

}  // namespace gatewright::events
