// SPDX-License-Identifier: Apache-2.0
//
// The file is read whole by the HDF5 library in a child process and comes back as a list of objects
// in a plain binary form (lengths and bytes). So a damaged file can stop the child, never this
// process.
#include "frontends/hdf5_file.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "frontends/hdf5_reader.h"
#include "support/files.h"
#include "support/isolate.h"

namespace gatewright::frontends {

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 29U;

class Packer {
  public:
    void number(std::uint64_t value) { raw(&value, sizeof value); }
    void text(const std::string& value) {
        number(value.size());
        raw(value.data(), value.size());
    }
    void texts(const std::vector<std::string>& values) {
        number(values.size());
        for (const std::string& value : values) text(value);
    }
    void raw(const void* data, std::size_t size) {
        bytes.append(static_cast<const char*>(data), size);
    }
    std::string bytes;
};

/// Reads what Packer wrote; past the end everything is 0 and ok() is false.
class Unpacker {
  public:
    explicit Unpacker(const std::string& bytes) : bytes_(bytes) {}
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }
    void raw(void* data, std::size_t size) {
        ok_ = ok_ && size <= bytes_.size() - at_;
        if (!ok_ || size == 0) return;
        std::memcpy(data, bytes_.data() + at_, size);
        at_ += size;
    }
    std::uint64_t number() {
        std::uint64_t value = 0;
        raw(&value, sizeof value);
        return value;
    }
    std::string text() {
        const std::uint64_t size = number();
        ok_ = ok_ && size <= bytes_.size() - at_;
        std::string value(ok_ ? size : 0, '\0');
        raw(value.data(), value.size());
        return value;
    }
    std::vector<std::string> texts() {
        std::vector<std::string> values;
        for (std::uint64_t n = number(); n > 0 && ok_; --n) values.push_back(text());
        return values;
    }
    /// Room for `count` things of `size` bytes is still there.
    bool fits(std::uint64_t count, std::size_t size) {
        ok_ = ok_ && count <= (bytes_.size() - at_) / size;
        return ok_;
    }

  private:
    const std::string& bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

void pack(const Result<tensor::Tensor<double>>& data, Packer& packer) {
    packer.number(data.has_value() ? 1 : 0);
    if (!data) return packer.text(data.error().message);
    packer.number(data->shape.size());
    for (const std::int64_t size : data->shape) packer.number(static_cast<std::uint64_t>(size));
    packer.number(data->size());
    packer.raw(data->data.data(), data->size() * sizeof(double));
}

Result<tensor::Tensor<double>> unpack_data(Unpacker& unpacker) {
    if (unpacker.number() == 0) return fail(unpacker.text());
    tensor::Tensor<double> out;
    for (std::uint64_t rank = unpacker.number(); rank > 0 && unpacker.ok(); --rank) {
        out.shape.push_back(static_cast<std::int64_t>(unpacker.number()));
    }
    const std::uint64_t count = unpacker.number();
    if (!unpacker.fits(count, sizeof(double))) return fail("is damaged");
    out.data.resize(count);
    unpacker.raw(out.data.data(), count * sizeof(double));
    return out;
}

std::string pack(const Hdf5Tree& tree) {
    Packer packer;
    for (const auto& [path, object] : tree) {
        packer.text(path);
        packer.number(object.is_dataset ? 1 : 0);
        packer.texts(object.members);
        pack(object.data, packer);
        packer.number(object.attributes.size());
        for (const auto& [name, value] : object.attributes) {
            packer.text(name);
            packer.number(value ? 1 : 0);
            packer.texts(value ? *value : std::vector<std::string>{value.error().message});
        }
    }
    return std::move(packer.bytes);
}

Result<Hdf5Tree> unpack(const std::string& bytes) {
    Unpacker unpacker(bytes);
    Hdf5Tree tree;
    while (unpacker.ok() && !unpacker.at_end()) {
        Hdf5Object& object = tree[unpacker.text()];
        object.is_dataset = unpacker.number() == 1;
        object.members = unpacker.texts();
        object.data = unpack_data(unpacker);
        for (std::uint64_t n = unpacker.number(); n > 0 && unpacker.ok(); --n) {
            std::string name = unpacker.text();
            const bool has_value = unpacker.number() == 1;
            std::vector<std::string> texts = unpacker.texts();
            Result<std::vector<std::string>> value = std::move(texts);
            if (!has_value) value = fail(value->empty() ? "is damaged" : value->front());
            object.attributes.insert_or_assign(std::move(name), std::move(value));
        }
    }
    if (!unpacker.ok()) return fail("the reader's answer is incomplete");
    return tree;
}

}  // namespace

struct Hdf5File::Handle {
    Hdf5Tree tree;
    [[nodiscard]] const Hdf5Object* find(const std::string& path) const {
        const auto found = tree.find(path);
        return found == tree.end() ? nullptr : &found->second;
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
    // A whole file reads at more than 100 MB/s; a damaged one may send the library in circles.
    const IsolateParams limits{.cpu_seconds = 5 + static_cast<unsigned>(bytes.size() >> 22U)};
    const auto packed = run_isolated([&] { return pack(read_hdf5(bytes)); }, limits);
    if (!packed) return fail(fmt::format("{}: is damaged HDF5: {}", name, packed.error().message));
    auto tree = unpack(*packed);
    if (!tree) return fail(fmt::format("{}: is damaged HDF5: {}", name, tree.error().message));
    if (tree->empty()) {
        return fail(fmt::format(
            "{}: cannot be read as an HDF5 file (not HDF5, truncated or damaged)", name));
    }
    auto handle = std::make_unique<Handle>();
    handle->tree = std::move(*tree);
    return Hdf5File(std::move(handle), name);
}

bool Hdf5File::exists(const std::string& path) const {
    return handle_->find(path) != nullptr;
}

std::vector<std::string> Hdf5File::members(const std::string& group) const {
    const Hdf5Object* object = handle_->find(group);
    return object == nullptr ? std::vector<std::string>{} : object->members;
}

bool Hdf5File::is_dataset(const std::string& path) const {
    const Hdf5Object* object = handle_->find(path);
    return object != nullptr && object->is_dataset;
}

Result<tensor::Tensor<double>> Hdf5File::read(const std::string& dataset) const {
    const Hdf5Object* object = handle_->find(dataset);
    if (object == nullptr) return fail(fmt::format("{}: dataset '{}' is missing", name_, dataset));
    if (object->data) return *object->data;
    return fail(fmt::format("{}: dataset '{}' {}", name_, dataset, object->data.error().message));
}

bool Hdf5File::has_attribute(const std::string& object, const std::string& name) const {
    const Hdf5Object* found = handle_->find(object);
    return found != nullptr && found->attributes.count(name) > 0;
}

Result<std::vector<std::string>> Hdf5File::strings_attribute(const std::string& object,
                                                             const std::string& name) const {
    const std::string where = fmt::format("{}: attribute '{}' of '{}'", name_, name, object);
    if (!has_attribute(object, name)) return fail(where + " is missing");
    const auto& value = handle_->find(object)->attributes.at(name);
    if (!value) return fail(where + " " + value.error().message);
    return value;
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
