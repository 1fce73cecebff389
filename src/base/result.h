#pragma once
// Result<T>: a value or an Error. Failure is data here; exceptions stay inside the adapter that met
// them.
#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace lifeboat {

template <class T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

inline Failure fail(Code code, std::string message,
                    std::source_location where = std::source_location::current()) {
  return Failure(Error(code, std::move(message), where));
}
inline Failure fail(Error error) { return Failure(std::move(error)); }

// From the system's error number: picks not_found, permission_denied, no_space … or io_error.
Failure fail_errno(int error_number, std::string what,
                   std::source_location where = std::source_location::current());

namespace detail {
template <class T>
T take(Result<T>&& result) {
  return std::move(*result);
}
inline void take(Result<void>&&) {}
}  // namespace detail

}  // namespace lifeboat

#define LIFEBOAT_JOIN_(a, b) a##b
#define LIFEBOAT_JOIN(a, b) LIFEBOAT_JOIN_(a, b)

// A name of its own for each use, so that a TRY may stand inside another without shadowing it.
#define LIFEBOAT_TRY(name, on_error, ...)                  \
  __extension__({                                          \
    auto name = (__VA_ARGS__);                             \
    if (!name) return ::lifeboat::Failure(on_error(name)); \
    ::lifeboat::detail::take(std::move(name));             \
  })
#define LIFEBOAT_PLAIN_ERROR(name) std::move(name).error()

// The value of a Result, or return its Error from the enclosing function.
#define TRY(...) LIFEBOAT_TRY(LIFEBOAT_JOIN(try_, __COUNTER__), LIFEBOAT_PLAIN_ERROR, __VA_ARGS__)

// The same, adding what was being done to the Error.
#define TRY_CONTEXT(context, ...)                                                      \
  __extension__({                                                                      \
    auto try_result_ = (__VA_ARGS__);                                                  \
    if (!try_result_)                                                                  \
      return ::lifeboat::Failure(std::move(try_result_).error().add_context(context)); \
    ::lifeboat::detail::take(std::move(try_result_));                                  \
  })
