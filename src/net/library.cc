#include "net/library.h"

#include <curl/curl.h>

#include <mutex>

namespace lifeboat::net {

void begin_library() {
  static std::once_flag begun;
  std::call_once(begun, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace lifeboat::net
