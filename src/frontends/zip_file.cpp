// SPDX-License-Identifier: Apache-2.0
#include "frontends/zip_file.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <memory>

namespace gatewright::frontends {

namespace {

struct CloseArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
    void operator()(zip_file_t* member) const { zip_fclose(member); }
};

Result<std::unique_ptr<zip_t, CloseArchive>> open_archive(const std::string& path) {
    int code = 0;
    std::unique_ptr<zip_t, CloseArchive> archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
    if (archive) return archive;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    return fail(fmt::format("{}: cannot be read as a zip archive ({})", path, reason));
}

}  // namespace

Result<std::string> read_zip_member(const std::string& archive, const std::string& member,
                                    std::size_t max_bytes) {
    GW_TRY(const auto zip, open_archive(archive));
    std::unique_ptr<zip_file_t, CloseMember> file(zip_fopen(zip.get(), member.c_str(), 0));
    if (!file) {
        return fail(fmt::format("{}: member '{}' cannot be opened ({})", archive, member,
                                zip_strerror(zip.get())));
    }
    // The directory's size field may lie, so the limit is held while unpacking.
    constexpr std::size_t kChunk = std::size_t{1} << 20U;
    std::string out;
    for (;;) {
        const std::size_t have = out.size();
        if (have > max_bytes) {
            return fail(fmt::format("{}: member '{}' unpacks to more than {} bytes; refused",
                                    archive, member, max_bytes));
        }
        out.resize(have + kChunk);
        const zip_int64_t got = zip_fread(file.get(), out.data() + have, kChunk);
        if (got < 0) {
            return fail(fmt::format("{}: member '{}' is damaged ({})", archive, member,
                                    zip_file_strerror(file.get())));
        }
        out.resize(have + static_cast<std::size_t>(got));
        if (got == 0) return out;
    }
}

}  // namespace gatewright::frontends
