// SPDX-License-Identifier: Apache-2.0
#include "support/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <utility>

#include "support/check.h"

namespace gatewright {
namespace fs = std::filesystem;
namespace {

std::string system_message() {
    return std::strerror(errno);
}

// Owns a file descriptor.
class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

Status write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail(system_message());
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(fd) != 0 && errno != EINVAL && errno != EROFS) return fail(system_message());
    return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
    std::error_code code;
    const fs::file_status status = fs::status(path, code);
    if (!fs::exists(status)) return fail(fmt::format("{}: no such file", path));
    if (fs::is_directory(status))
        return fail(fmt::format("{}: is a folder, expected a file", path));
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) return fail(fmt::format("{}: cannot be read: {}", path, system_message()));
    std::string content;
    std::array<char, 1U << 16U> block{};
    while (true) {
        const ssize_t got = ::read(file.get(), block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(fmt::format("{}: cannot be read: {}", path, system_message()));
        if (got == 0) return content;
        if (content.size() + static_cast<std::size_t>(got) > max_bytes) {
            return fail(fmt::format("{}: larger than the limit of {} bytes", path, max_bytes));
        }
        content.append(block.data(), static_cast<std::size_t>(got));
    }
}

Status write_file(const std::string& path, std::string_view content) {
    const HoldInterrupts whole;
    const std::string beside = fmt::format("{}.part{}", path, ::getpid());
    {
        const Descriptor file(
            ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (file.get() < 0) {
            return fail(fmt::format("{}: cannot be written: {}", path, system_message()));
        }
        if (const Status status = write_all(file.get(), content); !status) {
            ::unlink(beside.c_str());
            return fail(fmt::format("{}: cannot be written: {}", path, status.error().message));
        }
    }
    if (::rename(beside.c_str(), path.c_str()) != 0) {
        const std::string why = system_message();
        ::unlink(beside.c_str());
        return fail(fmt::format("{}: cannot be written: {}", path, why));
    }
    return {};
}

StagedDirectory::StagedDirectory(std::string target, std::string staging)
    : target_(std::move(target)),
      staging_(std::move(staging)),
      on_interrupt_(std::make_unique<CleanupOnInterrupt>([path = staging_] {
          std::error_code ignored;
          fs::remove_all(path, ignored);
      })) {}

StagedDirectory::StagedDirectory(StagedDirectory&& other) noexcept
    : target_(std::move(other.target_)),
      staging_(std::exchange(other.staging_, {})),
      on_interrupt_(std::move(other.on_interrupt_)) {}

StagedDirectory::~StagedDirectory() {
    std::error_code ignored;
    if (!staging_.empty()) fs::remove_all(staging_, ignored);
}

Result<StagedDirectory> StagedDirectory::create(const std::string& target,
                                                std::string_view marker) {
    std::error_code code;
    fs::path clean = fs::path(target).lexically_normal();
    if (clean.filename().empty()) clean = clean.parent_path();
    if (clean.empty() || clean == "." || clean == "/") {
        return fail(fmt::format("'{}' cannot be an output folder; name a new one", target));
    }
    if (fs::exists(clean, code)) {
        if (!fs::is_directory(clean, code)) {
            return fail(fmt::format("{}: exists and is no folder; name another output", target));
        }
        if (!fs::is_empty(clean, code) && !fs::exists(clean / marker, code)) {
            return fail(fmt::format(
                "{}: is not empty and holds no {}; it is left alone: name another output folder",
                target, marker));
        }
    }
    const fs::path parent = clean.has_parent_path() ? clean.parent_path() : fs::path(".");
    fs::create_directories(parent, code);
    if (code) return fail(fmt::format("{}: cannot be made: {}", parent.string(), code.message()));
    const HoldInterrupts whole;
    const std::string staging = fmt::format("{}.part{}", clean.string(), ::getpid());
    fs::remove_all(staging, code);
    if (!fs::create_directory(staging, code) || code) {
        return fail(fmt::format("{}: cannot be made: {}", target, code.message()));
    }
    return StagedDirectory(clean.string(), staging);
}

Status StagedDirectory::write(std::string_view relative_path, std::string_view content) {
    const HoldInterrupts whole;
    const fs::path path = fs::path(staging_) / relative_path;
    std::error_code code;
    fs::create_directories(path.parent_path(), code);
    if (code) return fail(fmt::format("{}: cannot be made: {}", path.string(), code.message()));
    return write_file(path.string(), content);
}

Status StagedDirectory::commit() {
    GW_CHECK(!staging_.empty(), "directory committed twice");
    const HoldInterrupts whole;
    std::error_code code;
    const std::string old = fmt::format("{}.old{}", target_, ::getpid());
    const bool replaces = fs::exists(target_, code);
    if (replaces) {
        fs::rename(target_, old, code);
        if (code) return fail(fmt::format("{}: cannot be replaced: {}", target_, code.message()));
    }
    fs::rename(staging_, target_, code);
    if (code) {
        const std::string why = code.message();
        if (replaces) fs::rename(old, target_, code);
        return fail(fmt::format("{}: cannot be written: {}", target_, why));
    }
    staging_.clear();
    if (replaces) fs::remove_all(old, code);
    return {};
}

std::string sha256_hex(std::string_view bytes) {
    static constexpr std::array<std::uint32_t, 64> kRound = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2};
    std::array<std::uint32_t, 8> state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::string padded(bytes);
    padded += '\x80';
    while (padded.size() % 64 != 56) padded += '\0';
    const std::uint64_t bit_count = std::uint64_t{bytes.size()} * 8;
    for (int shift = 56; shift >= 0; shift -= 8) {
        padded += static_cast<char>((bit_count >> static_cast<unsigned>(shift)) & 0xFFU);
    }
    for (std::size_t block = 0; block < padded.size(); block += 64) {
        std::array<std::uint32_t, 64> w{};
        for (std::size_t i = 0; i < 16; ++i) {
            for (std::size_t b = 0; b < 4; ++b) {
                w[i] = (w[i] << 8U) | static_cast<unsigned char>(padded[block + 4 * i + b]);
            }
        }
        for (std::size_t i = 16; i < 64; ++i) {
            const std::uint32_t s0 =
                std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3U);
            const std::uint32_t s1 =
                std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10U);
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        std::array<std::uint32_t, 8> v = state;
        for (std::size_t i = 0; i < 64; ++i) {
            const std::uint32_t s1 = std::rotr(v[4], 6) ^ std::rotr(v[4], 11) ^ std::rotr(v[4], 25);
            const std::uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
            const std::uint32_t t1 = v[7] + s1 + choice + kRound[i] + w[i];
            const std::uint32_t s0 = std::rotr(v[0], 2) ^ std::rotr(v[0], 13) ^ std::rotr(v[0], 22);
            const std::uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
            v = {t1 + s0 + majority, v[0], v[1], v[2], v[3] + t1, v[4], v[5], v[6]};
        }
        for (std::size_t i = 0; i < 8; ++i) state[i] += v[i];
    }
    std::string hex;
    for (const std::uint32_t word : state) hex += fmt::format("{:08x}", word);
    return hex;
}

}  // namespace gatewright
