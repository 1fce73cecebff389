#pragma once
#include "base/error.h"

namespace lifeboat::engine {

// That a log is not as it must be, and not that it could not be asked.
inline bool is_about_the_log(const Error& error) {
  return error.code() == Code::not_restorable || error.code() == Code::corrupt ||
         error.code() == Code::unsupported_format;
}

}  // namespace lifeboat::engine
