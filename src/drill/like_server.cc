#include "drill/like_server.h"

#include <algorithm>
#include <compare>
#include <cstdlib>

namespace lifeboat::drill {
namespace {

constexpr const char* kMongoDb = "MongoDB ";

std::string product_in(const std::string& server) { return server.substr(0, server.find(' ')); }

struct Release {
  int major = 0;
  int minor = 0;  // 0 where it is not said
  auto operator<=>(const Release&) const = default;
};

Release release_in(const std::string& server) {
  const auto digit = std::min(server.find_first_of("0123456789"), server.size());
  const auto dot = server.find('.', digit);
  return {std::atoi(server.c_str() + digit),
          dot == server.npos ? 0 : std::atoi(server.c_str() + dot + 1)};
}

CheckResult asked(const std::string& source, bool is_like, std::string message) {
  CheckResult result;
  result.id = "server." + source;
  result.proves = "it was restored to a server like the one that a recovery would use";
  result.outcome = is_like ? Outcome::passed : Outcome::not_run;
  result.message = std::move(message);
  return result;
}

}  // namespace

bool is_like_server(const std::string& ours, const std::string& theirs) {
  return product_in(ours) == product_in(theirs) && release_in(ours) >= release_in(theirs);
}

CheckResult judge_server(const std::string& source, const std::string& ours,
                         const std::string& theirs) {
  return asked(source, is_like_server(ours, theirs),
               ours == theirs ? ours : ours + ", and it came from " + theirs);
}

CheckResult judge_server_of_dump(const std::string& source, const ServerOfDump& dump,
                                 const std::string& product, const std::string& version) {
  if (release_in(version) < release_in(dump.version))
    return asked(source, false, product + ", and the dump is of version " + dump.version);
  if (!dump.named.empty())
    return asked(source, is_like_server(product, dump.named),
                 product + ", and a recovery would use " + dump.named);
  // mongodump is MongoDB's own: only another product in the sandbox makes its head say too little.
  if (!dump.version.empty() && product.starts_with(kMongoDb))
    return asked(source, true, product + ", and the dump is of version " + dump.version);
  return asked(source, false,
               product +
                   ", and nothing tells which server a recovery would use: where it is "
                   "this one, add server: " +
                   product_in(product) + " " + std::to_string(release_in(product).major) +
                   " to the source");
}

}  // namespace lifeboat::drill
