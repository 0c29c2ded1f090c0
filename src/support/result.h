// SPDX-License-Identifier: Apache-2.0
//
// How Gatewright reports that something a user gave us cannot be used. Anything input can cause
// (file, model, option, missing tool) returns Result<T>; the error's text says what was found, what
// was expected, where, and what to do. A broken invariant of our own is an InternalError (check.h).
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace gatewright {

struct Error {
    std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// `return fail("...")` from any function that returns a Result.
inline tl::unexpected<Error> fail(std::string message) {
    return tl::unexpected<Error>(Error{std::move(message)});
}

/// Puts the place in front of an error: "model.json: layer 'd1': ...".
inline tl::unexpected<Error> fail_in(std::string_view where, const Error& error) {
    return fail(std::string(where) + ": " + error.message);
}

/// Collects every problem of one input, so that a user sees all of them at once.
class Problems {
  public:
    void add(std::string message) { messages_.push_back(std::move(message)); }
    [[nodiscard]] bool empty() const { return messages_.empty(); }
    [[nodiscard]] const std::vector<std::string>& messages() const { return messages_; }

    /// One error: `headline`, then one line per problem.
    [[nodiscard]] Error to_error(std::string_view headline) const {
        std::string text(headline);
        for (const std::string& message : messages_) text += "\n  - " + message;
        return Error{std::move(text)};
    }

  private:
    std::vector<std::string> messages_;
};

// Returns the error of a Result from the enclosing function, or binds its value.
#define GW_CONCAT_INNER(a, b) a##b
#define GW_CONCAT(a, b) GW_CONCAT_INNER(a, b)
#define GW_TRY_IMPL(tmp, decl, expr)                                              \
    auto tmp = (expr);                                                            \
    if (!tmp) return tl::unexpected<::gatewright::Error>(std::move(tmp).error()); \
    decl = std::move(*tmp)
#define GW_TRY(decl, expr) GW_TRY_IMPL(GW_CONCAT(gw_try_, __LINE__), decl, expr)
#define GW_TRY_STATUS(expr)                                                           \
    do {                                                                              \
        if (auto gw_status = (expr); !gw_status)                                      \
            return tl::unexpected<::gatewright::Error>(std::move(gw_status).error()); \
    } while (false)

}  // namespace gatewright
