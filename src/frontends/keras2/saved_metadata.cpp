// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras2/saved_metadata.h"

#include <fmt/format.h>

#include <optional>

namespace gatewright::frontends::keras2 {

namespace {

constexpr std::uint64_t kNodes = 1;
constexpr std::uint64_t kIdentifier = 4;
constexpr std::uint64_t kMetadata = 5;

/// One field of a message: its number, and its bytes if it has a length.
struct Field {
    std::uint64_t number = 0;
    std::optional<std::string_view> bytes;
};

/// Walks the fields of a protocol buffer message.
class Fields {
  public:
    explicit Fields(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    /// nullopt: the bytes are no message.
    std::optional<Field> next() {
        const auto key = varint();
        if (!key || *key >> 3U == 0) return std::nullopt;
        Field field{*key >> 3U, std::nullopt};
        switch (*key & 7U) {
            case 0:
                return varint() ? std::optional<Field>(field) : std::nullopt;
            case 1:
                return skip(8) ? std::optional<Field>(field) : std::nullopt;
            case 2: {
                const auto length = varint();
                if (!length || *length > rest_.size()) return std::nullopt;
                field.bytes = rest_.substr(0, *length);
                rest_.remove_prefix(*length);
                return field;
            }
            case 5:
                return skip(4) ? std::optional<Field>(field) : std::nullopt;
            default:
                return std::nullopt;
        }
    }

  private:
    std::optional<std::uint64_t> varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
            if (byte < 0x80) return value;
        }
        return std::nullopt;
    }
    bool skip(std::size_t count) {
        if (rest_.size() < count) return false;
        rest_.remove_prefix(count);
        return true;
    }

    std::string_view rest_;
};

/// The metadata of a node that is a whole network; empty for any other node.
std::string_view network_text(std::string_view node) {
    std::string_view identifier;
    std::string_view metadata;
    for (Fields fields(node); !fields.at_end();) {
        const auto field = fields.next();
        if (!field) return {};
        if (field->number == kIdentifier && field->bytes) identifier = *field->bytes;
        if (field->number == kMetadata && field->bytes) metadata = *field->bytes;
    }
    const bool is_network = identifier == "_tf_keras_network" ||
                            identifier == "_tf_keras_sequential" || identifier == "_tf_keras_model";
    return is_network ? metadata : std::string_view{};
}

/// {"class_name": "__tuple__", "items": [...]} -> [...], everywhere inside.
Json with_lists(const Json& json) {
    if (json.is_array()) {
        Json out = Json::array();
        for (const Json& item : json.as_array()) out.push_back(with_lists(item));
        return out;
    }
    if (!json.is_object()) return json;
    const Json* name = json.find("class_name");
    const Json* items = json.find("items");
    if (name != nullptr && items != nullptr && *name == Json("__tuple__"))
        return with_lists(*items);
    Json out = Json::object();
    for (const auto& [key, value] : json.as_object()) out.set(key, with_lists(value));
    return out;
}

}  // namespace

bool is_saved_metadata(std::string_view bytes) {
    Fields fields(bytes);
    const auto first = fields.at_end() ? std::nullopt : fields.next();
    return first && first->number == kNodes && first->bytes &&
           bytes.find("_tf_keras_") != std::string_view::npos;
}

Result<Json> read_saved_metadata(std::string_view bytes) {
    for (Fields fields(bytes); !fields.at_end();) {
        const auto field = fields.next();
        if (!field) return fail("is damaged: not a protocol buffer throughout");
        if (field->number != kNodes || !field->bytes) continue;
        const std::string_view text = network_text(*field->bytes);
        if (text.empty()) continue;
        auto json = parse_json(text);
        if (!json) return fail_in("the network's configuration", json.error());
        return with_lists(*json);
    }
    return fail("holds no Keras network (Sequential or functional)");
}

}  // namespace gatewright::frontends::keras2
