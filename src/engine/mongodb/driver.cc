#include "engine/mongodb/driver.h"

#include <mutex>
#include <string>

namespace lifeboat::engine::mongodb {
namespace {

constexpr int kServerErrors = 2;  // of mongoc's error APIs: the one that tells the server's codes

Code code_of_server(std::uint32_t code) {
  switch (code) {
    case 13:  // Unauthorized
    case 18:  // AuthenticationFailed
    case 8000:
      return Code::permission_denied;
    case 26:  // NamespaceNotFound
      return Code::not_found;
    case 48:  // NamespaceExists
      return Code::exists;
    case 50:  // MaxTimeMSExpired
      return Code::timed_out;
    case 91:     // ShutdownInProgress
    case 189:    // PrimarySteppedDown
    case 10107:  // NotWritablePrimary
    case 11600:  // InterruptedAtShutdown
    case 11602:  // InterruptedDueToReplStateChange
    case 13435:  // NotPrimaryNoSecondaryOk
    case 13436:  // NotPrimaryOrSecondary
      return Code::unavailable;
    case 14031:  // OutOfDiskSpace
      return Code::no_space;
    case 43:   // CursorNotFound
    case 175:  // QueryPlanKilled
    case 239:  // SnapshotTooOld
    case 246:  // SnapshotUnavailable
      return Code::source_changed;
    default:
      return Code::source_unreadable;
  }
}

Code code_of(const bson_error_t& error) {
  switch (error.domain) {
    case MONGOC_ERROR_SERVER_SELECTION:
    case MONGOC_ERROR_STREAM:
      return Code::unavailable;
    case MONGOC_ERROR_SERVER:
      return code_of_server(error.code);
    case MONGOC_ERROR_CLIENT:
      return error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE ? Code::permission_denied
                                                            : Code::unavailable;
    case MONGOC_ERROR_SASL:
    case MONGOC_ERROR_SCRAM:
      return Code::permission_denied;
    default:
      return Code::source_unreadable;
  }
}

}  // namespace

// What the driver would write to standard error is in the errors that it returns.
void begin_driver() {
  static std::once_flag once;
  std::call_once(once, [] {
    mongoc_log_set_handler(nullptr, nullptr);  // first: the beginning itself may warn
    mongoc_init();
  });
}

Result<mongoc_client_pool_t*> open_pool(const mongoc_uri_t& uri) {
  bson_error_t error{};
  auto* pool = mongoc_client_pool_new_with_error(&uri, &error);
  if (pool == nullptr) return fail(Code::config_invalid, static_cast<const char*>(error.message));
  mongoc_client_pool_set_error_api(pool, kServerErrors);
  return pool;
}

// A server that refuses the user does so while it is being selected.
Failure fail_with(const bson_error_t& error) {
  std::string message = static_cast<const char*>(error.message);
  if (message.find("uthentication failed") != std::string::npos)
    return fail(Code::permission_denied, std::move(message));
  const auto code = code_of(error);
  if (code != Code::unavailable) return fail(code, std::move(message));
  return fail(Error(code, std::move(message)).as_retryable());
}

}  // namespace lifeboat::engine::mongodb
