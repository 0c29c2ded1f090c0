// SPDX-License-Identifier: Apache-2.0
#include "frontends/hdf5_reader.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "events/hdf5_objects.h"

namespace gatewright::frontends {

namespace {

constexpr std::size_t kMaxElements = std::size_t{1} << 26U;
constexpr std::size_t kMaxAttributeBytes = std::size_t{1} << 26U;
constexpr std::size_t kMaxMembers = 100'000;

using Id = events::Hdf5Id;

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

class Reader {
  public:
    Reader(hid_t file, Hdf5Tree& tree) : file_(file), tree_(tree) {}

    void read_object(const std::string& path, int depth) {
        if (tree_.size() >= kMaxMembers || depth > kMaxDepth) return;
        const Id object(links_exist(file_, path) ? H5Oopen(file_, path.c_str(), H5P_DEFAULT) : -1,
                        H5Oclose);
        if (path != "/" && !object.valid()) return;
        const Id root(path == "/" ? H5Gopen2(file_, "/", H5P_DEFAULT) : -1, H5Gclose);
        const hid_t id = path == "/" ? root.get() : object.get();
        const H5I_type_t kind = H5Iget_type(id);
        if (kind != H5I_GROUP && kind != H5I_DATASET) return;
        Hdf5Object& entry = tree_[path];
        read_attributes(id, entry);
        if (kind == H5I_DATASET) {
            entry.is_dataset = true;
            entry.data = read_dataset(id);
            return;
        }
        for (const std::string& name : member_names(id)) {
            entry.members.push_back(name);
            read_object(path == "/" ? "/" + name : path + "/" + name, depth + 1);
        }
    }

  private:
    static constexpr int kMaxDepth = 24;

    static std::vector<std::string> member_names(hid_t group) {
        std::vector<std::string> out;
        H5G_info_t info;
        if (H5Gget_info(group, &info) < 0) return out;
        const hsize_t count = std::min<hsize_t>(info.nlinks, kMaxMembers);
        for (hsize_t i = 0; i < count; ++i) {
            char text[1024];
            const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i,
                                                      text, sizeof text, H5P_DEFAULT);
            if (length < 0) break;
            if (static_cast<std::size_t>(length) < sizeof text) out.emplace_back(text);
        }
        std::sort(out.begin(), out.end());
        return out;
    }

    void read_attributes(hid_t object, Hdf5Object& entry) const {
        const int count = H5Aget_num_attrs(object);
        for (int i = 0; i < std::min(count, 1000); ++i) {
            const Id attribute(H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC,
                                              static_cast<hsize_t>(i), H5P_DEFAULT, H5P_DEFAULT),
                               H5Aclose);
            char name[1024];
            if (!attribute.valid() || H5Aget_name(attribute.get(), sizeof name, name) < 0) continue;
            entry.attributes[name] = read_strings(attribute.get());
        }
    }

    /// Elements of all datasets together are bounded like those of one.
    Result<tensor::Tensor<double>> read_dataset(hid_t dataset) {
        const Id space(H5Dget_space(dataset), H5Sclose);
        if (!space.valid()) return fail("is damaged");
        GW_TRY(tensor::Shape shape, shape_of(space.get()));
        GW_TRY_STATUS(events::check_storage(dataset));
        GW_TRY_STATUS(check_chunks(dataset, shape));
        const std::size_t count = tensor::element_count(shape);
        if (count > kMaxElements - elements_) return fail("makes the file larger than is read");
        elements_ += count;
        tensor::Tensor<double> out(std::move(shape));
        if (count > 0 && H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                 out.data.data()) < 0) {
            return fail("is damaged: its data cannot be read");
        }
        return out;
    }

    hid_t file_;
    Hdf5Tree& tree_;
    std::size_t elements_ = 0;
};

}  // namespace

Hdf5Tree read_hdf5(const std::string& image) {
    events::quiet_hdf5();
    Hdf5Tree tree;
    const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    constexpr std::size_t kIncrement = std::size_t{1} << 16U;
    // Only a loan: the library copies the image when it opens it.
    void* bytes = const_cast<char*>(image.data());
    if (!access.valid() || H5Pset_fapl_core(access.get(), kIncrement, 0) < 0 ||
        H5Pset_file_image(access.get(), bytes, image.size()) < 0) {
        return tree;
    }
    const Id file(H5Fopen("image", H5F_ACC_RDONLY, access.get()), H5Fclose);
    if (file.valid()) Reader(file.get(), tree).read_object("/", 0);
    return tree;
}

}  // namespace gatewright::frontends
