// SPDX-License-Identifier: Apache-2.0
#include "events/bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace gatewright::events {
namespace {

// Pages behind the position are returned to the system in steps of this size, so that a file of any
// size occupies little memory.
constexpr std::size_t kReleaseStep = std::size_t{1} << 24U;

class MappedFile : public ByteSource {
  public:
    MappedFile(const char* data, std::size_t size) : data_(data), size_(size) {}
    ~MappedFile() override {
        if (size_ > 0) ::munmap(const_cast<char*>(data_), size_);
    }
    [[nodiscard]] std::optional<std::size_t> size() const override { return size_; }
    Result<std::string_view> peek(std::size_t count) override {
        release();
        return std::string_view(data_ + at_, std::min(count, size_ - at_));
    }
    void take(std::size_t count) override { at_ += count; }
    [[nodiscard]] std::string_view mapped() const override { return {data_, size_}; }

  private:
    // The bytes just before at_ may still be in use by the caller of the last peek.
    void release() {
        if (at_ - released_ < 2 * kReleaseStep) return;
        const std::size_t end = (at_ - kReleaseStep) / kReleaseStep * kReleaseStep;
        ::madvise(const_cast<char*>(data_) + released_, end - released_, MADV_DONTNEED);
        released_ = end;
    }
    const char* data_;
    std::size_t size_;
    std::size_t at_ = 0;
    std::size_t released_ = 0;
};

class Descriptor : public ByteSource {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() override {
        if (fd_ != STDIN_FILENO) ::close(fd_);
    }
    [[nodiscard]] std::optional<std::size_t> size() const override { return std::nullopt; }
    Result<std::string_view> peek(std::size_t count) override {
        if (at_ > 0) {
            buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
            at_ = 0;
        }
        while (buffer_.size() < count && !ended_) {
            const std::size_t had = buffer_.size();
            buffer_.resize(count);
            const ssize_t got = ::read(fd_, buffer_.data() + had, count - had);
            buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
            if (got < 0 && errno != EINTR)
                return fail(std::string("cannot be read: ") + std::strerror(errno));
            ended_ = got == 0;
        }
        return std::string_view(buffer_.data(), std::min(count, buffer_.size()));
    }
    void take(std::size_t count) override { at_ += count; }
    [[nodiscard]] std::string_view mapped() const override { return {}; }

  private:
    int fd_;
    bool ended_ = false;
    std::vector<char> buffer_;
    std::size_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path) {
    if (path == "-") return std::make_unique<Descriptor>(STDIN_FILENO);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(std::string("cannot be read: ") + std::strerror(errno));
    auto stream = std::make_unique<Descriptor>(fd);
    struct stat info {};
    if (::fstat(fd, &info) != 0)
        return fail(std::string("cannot be read: ") + std::strerror(errno));
    if (S_ISDIR(info.st_mode)) return fail("is a folder, expected a file");
    if (!S_ISREG(info.st_mode)) return stream;
    const auto size = static_cast<std::size_t>(info.st_size);
    if (size == 0) return std::make_unique<MappedFile>(nullptr, 0);
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) return stream;
    ::madvise(data, size, MADV_SEQUENTIAL);
    return std::make_unique<MappedFile>(static_cast<const char*>(data), size);
}

}  // namespace gatewright::events
