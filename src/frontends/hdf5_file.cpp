// SPDX-License-Identifier: Apache-2.0
//
// The file is taken into memory whole and opened from there, so the HDF5 library never touches the
// disk again. Only hard links are followed and only data inside the image is read: external links,
// external storage, virtual datasets and filter plug-ins would let a hostile file reach other
// files.
#include "frontends/hdf5_file.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "support/files.h"

namespace gatewright::frontends {

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 29U;
constexpr std::size_t kMaxElements = std::size_t{1} << 26U;
constexpr std::size_t kMaxAttributeBytes = std::size_t{1} << 26U;
constexpr std::size_t kMaxMembers = 100'000;

/// Owns one HDF5 identifier.
class Id {
  public:
    using Close = herr_t (*)(hid_t);
    Id(hid_t id, Close close) : id_(id), close_(close) {}
    Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    Id& operator=(Id&&) = delete;
    ~Id() {
        if (id_ >= 0) close_(id_);
    }
    [[nodiscard]] bool valid() const { return id_ >= 0; }
    [[nodiscard]] hid_t get() const { return id_; }

  private:
    hid_t id_;
    Close close_;
};

/// True if every step of the path is a hard link to an object in this file.
bool links_exist(hid_t file, const std::string& path) {
    if (path.empty() || path[0] != '/') return false;
    for (std::size_t end = 1; end <= path.size(); ++end) {
        if (end != path.size() && path[end] != '/') continue;
        const std::string part = path.substr(0, end);
        if (part == "/" || part.back() == '/') continue;
        H5L_info_t info;
        if (H5Lexists(file, part.c_str(), H5P_DEFAULT) <= 0) return false;
        if (H5Lget_info(file, part.c_str(), &info, H5P_DEFAULT) < 0) return false;
        if (info.type != H5L_TYPE_HARD) return false;
    }
    return true;
}

Id open_object(hid_t file, const std::string& path) {
    return {links_exist(file, path) ? H5Oopen(file, path.c_str(), H5P_DEFAULT) : -1, H5Oclose};
}

Result<tensor::Shape> shape_of(hid_t space) {
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > H5S_MAX_RANK) return fail("has no readable shape");
    std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
    if (rank > 0 && H5Sget_simple_extent_dims(space, dims.data(), nullptr) < 0) {
        return fail("has no readable shape");
    }
    tensor::Shape shape;
    std::size_t count = 1;
    for (const hsize_t dim : dims) {
        if (dim > kMaxElements || (dim > 0 && count > kMaxElements / dim)) {
            return fail(fmt::format("has more than {} elements; refused", kMaxElements));
        }
        count *= std::max<std::size_t>(1, dim);
        shape.push_back(static_cast<std::int64_t>(dim));
    }
    return shape;
}

/// Numbers stored in the image itself, with filters that HDF5 brings along.
Status check_storage(hid_t dataset) {
    const Id type(H5Dget_type(dataset), H5Tclose);
    const H5T_class_t kind = type.valid() ? H5Tget_class(type.get()) : H5T_NO_CLASS;
    if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_ENUM) return fail("is not numeric");
    if (H5Tget_size(type.get()) > 16) return fail("has numbers of more than 16 bytes");
    const Id plist(H5Dget_create_plist(dataset), H5Pclose);
    if (!plist.valid()) return fail("is damaged");
    const H5D_layout_t layout = H5Pget_layout(plist.get());
    if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) {
        return fail("is a virtual dataset; only data inside the file is read");
    }
    if (H5Pget_external_count(plist.get()) > 0) {
        return fail("lies in another file; only data inside the file is read");
    }
    const int filters = H5Pget_nfilters(plist.get());
    for (int i = 0; i < filters; ++i) {
        unsigned flags = 0;
        std::size_t values = 0;
        const H5Z_filter_t filter = H5Pget_filter2(plist.get(), static_cast<unsigned>(i), &flags,
                                                   &values, nullptr, 0, nullptr, nullptr);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
            filter != H5Z_FILTER_FLETCHER32) {
            return fail(
                fmt::format("uses HDF5 filter {}; only deflate, shuffle and fletcher32 are read",
                            static_cast<int>(filter)));
        }
    }
    return {};
}

/// A chunk is unpacked whole, so its size is bounded like a dataset's.
Status check_chunks(hid_t dataset, const tensor::Shape& shape) {
    const Id plist(H5Dget_create_plist(dataset), H5Pclose);
    if (!plist.valid() || H5Pget_layout(plist.get()) != H5D_CHUNKED) return {};
    std::vector<hsize_t> chunk(shape.size());
    if (H5Pget_chunk(plist.get(), static_cast<int>(shape.size()), chunk.data()) < 0)
        return fail("is damaged");
    std::size_t count = 1;
    for (const hsize_t dim : chunk) {
        if (dim == 0 || dim > kMaxElements / count) return fail("has chunks of unreasonable size");
        count *= dim;
    }
    return {};
}

std::vector<std::string> split_fixed(const std::vector<char>& raw, std::size_t width) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at + width <= raw.size(); at += width) {
        out.emplace_back(raw.data() + at, strnlen(raw.data() + at, width));
    }
    return out;
}

Result<std::vector<std::string>> read_strings(hid_t attribute) {
    const Id type(H5Aget_type(attribute), H5Tclose);
    if (!type.valid() || H5Tget_class(type.get()) != H5T_STRING) return fail("is not text");
    const Id space(H5Aget_space(attribute), H5Sclose);
    if (!space.valid()) return fail("is damaged");
    GW_TRY(const tensor::Shape shape, shape_of(space.get()));
    const std::size_t count = tensor::element_count(shape);
    const htri_t variable = H5Tis_variable_str(type.get());
    const std::size_t width = variable > 0 ? sizeof(char*) : H5Tget_size(type.get());
    if (variable < 0 || width == 0 || count > kMaxAttributeBytes / width)
        return fail("is damaged or too long");
    if (variable == 0) {
        std::vector<char> raw(count * width);
        if (count > 0 && H5Aread(attribute, type.get(), raw.data()) < 0) return fail("is damaged");
        return split_fixed(raw, width);
    }
    std::vector<char*> texts(count, nullptr);
    if (count > 0 && H5Aread(attribute, type.get(), texts.data()) < 0) return fail("is damaged");
    std::vector<std::string> out;
    for (const char* text : texts) out.emplace_back(text == nullptr ? "" : text);
    if (count > 0) H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, texts.data());
    return out;
}

}  // namespace

struct Hdf5File::Handle {
    std::string image;  ///< lent to the library for as long as the file is open
    hid_t file = -1;
    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (file >= 0) H5Fclose(file);
    }
};

Hdf5File::Hdf5File(std::unique_ptr<Handle> handle, std::string name)
    : handle_(std::move(handle)), name_(std::move(name)) {}
Hdf5File::~Hdf5File() = default;
Hdf5File::Hdf5File(Hdf5File&&) noexcept = default;
Hdf5File& Hdf5File::operator=(Hdf5File&&) noexcept = default;

Result<Hdf5File> Hdf5File::open(const std::string& path) {
    GW_TRY(std::string bytes, read_file(path, kMaxFileBytes));
    return from_bytes(std::move(bytes), path);
}

Result<Hdf5File> Hdf5File::from_bytes(std::string bytes, const std::string& name) {
    if (bytes.size() > kMaxFileBytes) {
        return fail(fmt::format("{}: has {} bytes, more than {}; refused", name, bytes.size(),
                                kMaxFileBytes));
    }
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);
    auto handle = std::make_unique<Handle>();
    handle->image = std::move(bytes);
    const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    // The library tells in-memory files apart by name, so the name must be unique among open ones.
    const std::string unique = fmt::format("image-{}", static_cast<const void*>(handle.get()));
    constexpr std::size_t kIncrement = std::size_t{1} << 16U;
    if (access.valid() && H5Pset_fapl_core(access.get(), kIncrement, 0) >= 0 &&
        H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_file_image(access.get(), handle->image.data(), handle->image.size()) >= 0) {
        handle->file = H5Fopen(unique.c_str(), H5F_ACC_RDONLY, access.get());
    }
    if (handle->file < 0) {
        return fail(fmt::format(
            "{}: cannot be read as an HDF5 file (not HDF5, truncated or damaged)", name));
    }
    handle->image.clear();
    handle->image.shrink_to_fit();  // the library has its own copy
    return Hdf5File(std::move(handle), name);
}

bool Hdf5File::exists(const std::string& path) const {
    return path == "/" || open_object(handle_->file, path).valid();
}

std::vector<std::string> Hdf5File::members(const std::string& group) const {
    std::vector<std::string> out;
    const Id object = open_object(handle_->file, group);
    if (!object.valid() || H5Iget_type(object.get()) != H5I_GROUP) return out;
    H5G_info_t info;
    if (H5Gget_info(object.get(), &info) < 0) return out;
    const hsize_t count = std::min<hsize_t>(info.nlinks, kMaxMembers);
    for (hsize_t i = 0; i < count; ++i) {
        char text[1024];
        const ssize_t length = H5Lget_name_by_idx(object.get(), ".", H5_INDEX_NAME, H5_ITER_INC, i,
                                                  text, sizeof text, H5P_DEFAULT);
        if (length < 0) break;
        if (static_cast<std::size_t>(length) < sizeof text) out.emplace_back(text);
    }
    std::sort(out.begin(), out.end());
    return out;
}

bool Hdf5File::is_dataset(const std::string& path) const {
    const Id object = open_object(handle_->file, path);
    return object.valid() && H5Iget_type(object.get()) == H5I_DATASET;
}

Result<tensor::Tensor<double>> Hdf5File::read(const std::string& dataset) const {
    const std::string where = name_ + ": dataset '" + dataset + "'";
    const Id object = open_object(handle_->file, dataset);
    if (!object.valid()) return fail(where + " is missing");
    if (H5Iget_type(object.get()) != H5I_DATASET)
        return fail(where + " is a group, expected numbers");
    const Id space(H5Dget_space(object.get()), H5Sclose);
    if (!space.valid()) return fail(where + " is damaged");
    const auto shape = shape_of(space.get());
    if (!shape) return fail(where + " " + shape.error().message);
    if (const auto status = check_storage(object.get()); !status) {
        return fail(where + " " + status.error().message);
    }
    if (const auto status = check_chunks(object.get(), *shape); !status) {
        return fail(where + " " + status.error().message);
    }
    tensor::Tensor<double> out(*shape);
    if (out.size() > 0 && H5Dread(object.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                  out.data.data()) < 0) {
        return fail(where + " is damaged: its data cannot be read");
    }
    return out;
}

bool Hdf5File::has_attribute(const std::string& object, const std::string& name) const {
    const Id id = open_object(handle_->file, object);
    return id.valid() && H5Aexists(id.get(), name.c_str()) > 0;
}

Result<std::vector<std::string>> Hdf5File::strings_attribute(const std::string& object,
                                                             const std::string& name) const {
    const std::string where = fmt::format("{}: attribute '{}' of '{}'", name_, name, object);
    if (!has_attribute(object, name)) return fail(where + " is missing");
    const Id id = open_object(handle_->file, object);
    const Id attribute(H5Aopen(id.get(), name.c_str(), H5P_DEFAULT), H5Aclose);
    if (!attribute.valid()) return fail(where + " is damaged");
    auto texts = read_strings(attribute.get());
    if (!texts) return fail(where + " " + texts.error().message);
    return texts;
}

Result<std::string> Hdf5File::string_attribute(const std::string& object,
                                               const std::string& name) const {
    GW_TRY(const std::vector<std::string> texts, strings_attribute(object, name));
    if (texts.size() != 1) {
        return fail(fmt::format("{}: attribute '{}' of '{}' holds {} texts, expected one", name_,
                                name, object, texts.size()));
    }
    return texts[0];
}

}  // namespace gatewright::frontends
