#pragma once
// What the files that speak to the MongoDB driver share: its objects with their ends, and its
// errors as ours. Functions are thread-safe.
#include <mongoc/mongoc.h>

#include <memory>

#include "base/result.h"

namespace lifeboat::engine::mongodb {

// What the driver made, and the function that it wants it destroyed with.
template <class T, void (*destroy)(T*)>
struct Destroyer {
  void operator()(T* made) const { destroy(made); }
};
template <class T, void (*destroy)(T*)>
using Handle = std::unique_ptr<T, Destroyer<T, destroy>>;
using Uri = Handle<mongoc_uri_t, mongoc_uri_destroy>;

// Before anything else of the driver is used.
void begin_driver();

// Of connections to what the URI names; nothing is sent yet.
Result<mongoc_client_pool_t*> open_pool(const mongoc_uri_t& uri);

// `unavailable` is retryable; a lack of rights is told apart from it.
Failure fail_with(const bson_error_t& error);

}  // namespace lifeboat::engine::mongodb
