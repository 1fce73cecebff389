#include "sandbox/isolation.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace lifeboat::sandbox {
namespace {

struct Target {
  std::string_view what;
  std::string_view kind;  // "tcp" or "dns"
  std::string_view address;
  int port;
};

// Public addresses that answer from every open network, and those where clouds hand out
// credentials.
constexpr std::array kTargets = std::to_array<Target>({
    {"IPv4", "tcp", "1.1.1.1", 443},
    {"IPv4", "tcp", "8.8.8.8", 53},
    {"IPv6", "tcp", "2606:4700:4700::1111", 443},
    {"DNS", "dns", "1.1.1.1", 53},
    {"DNS", "dns", "2001:4860:4860::8888", 53},
    {"cloud metadata", "tcp", "169.254.169.254", 80},
    {"cloud metadata", "tcp", "fd00:ec2::254", 80},
});
constexpr std::size_t kMostResolvers = 3;

Json texts_of(const std::vector<std::filesystem::path>& paths) {
  Json texts = Json::array();
  for (const auto& each : paths) texts.push_back(each.string());
  return texts;
}

std::vector<std::string> name_servers(const std::string& resolver_configuration) {
  std::vector<std::string> servers;
  std::istringstream lines(resolver_configuration);
  for (std::string line; std::getline(lines, line) && servers.size() < kMostResolvers;) {
    std::istringstream words(line);
    std::string key;
    std::string address;
    if (words >> key >> address && key == "nameserver") servers.push_back(address);
  }
  return servers;
}

}  // namespace

bool Isolation::proven() const {
  return !attempts.empty() && std::all_of(attempts.begin(), attempts.end(),
                                          [](const auto& each) { return each.blocked; });
}

Json to_json(const Isolation& isolation) {
  Json attempts = Json::array();
  for (const auto& each : isolation.attempts)
    attempts.push_back({{"what", each.what},
                        {"target", each.target},
                        {"found", each.found},
                        {"blocked", each.blocked}});
  return {{"proven", isolation.proven()}, {"attempts", attempts}};
}

Json probe_request(const std::vector<Guarded>& guarded, const Sight& sight,
                   const std::string& resolver_configuration) {
  Json peers = Json::array();
  for (const auto& each : kTargets)
    peers.push_back(
        {{"what", each.what}, {"kind", each.kind}, {"address", each.address}, {"port", each.port}});
  for (const auto& server : name_servers(resolver_configuration))
    peers.push_back({{"what", "DNS"}, {"kind", "dns"}, {"address", server}, {"port", 53}});
  Json places = Json::array();
  for (const auto& each : guarded)
    places.push_back({{"what", each.name}, {"paths", each.paths}, {"inodes", each.inodes}});
  return {{"peers", peers},
          {"places", places},
          {"shown", texts_of(sight.shown)},
          {"own", texts_of(sight.own)}};
}

Result<Isolation> read_probe(const Json& answer) {
  Isolation isolation;
  if (!answer.is_array()) return fail(Code::corrupt, "the probe's answer is no list");
  for (const auto& each : answer) {
    const Json& blocked = *TRY(member(each, "blocked"));
    if (!blocked.is_boolean()) return fail(Code::corrupt, "the probe's answer has no decision");
    isolation.attempts.push_back({TRY(text_at(each, "what")), TRY(text_at(each, "target")),
                                  TRY(text_at(each, "found")), blocked.get<bool>()});
  }
  return isolation;
}

}  // namespace lifeboat::sandbox
