#include "sandbox/wrap.h"

#include <fcntl.h>

#include <algorithm>
#include <array>

#include "sandbox/agent.h"
#include "sandbox/walk.h"

namespace lifeboat::sandbox {
namespace {

constexpr const char* kAgentInside = "/run/lifeboat/agent";
constexpr const char* kUser = "1000";
constexpr std::size_t kMostWords = 8'000;  // bubblewrap takes 9000

// What programs look for in /etc and what tells nothing of this machine but its libraries.
constexpr std::array<const char*, 14> kSystemFiles{"/etc/alternatives", "/etc/ca-certificates.conf",
                                                   "/etc/fonts",        "/etc/ld.so.cache",
                                                   "/etc/ld.so.conf",   "/etc/ld.so.conf.d",
                                                   "/etc/localtime",    "/etc/mime.types",
                                                   "/etc/protocols",    "/etc/services",
                                                   "/etc/ssl/certs",    "/etc/ssl/openssl.cnf",
                                                   "/etc/timezone",     "/etc/terminfo"};

struct File {
  const char* name;
  std::string_view text;
};

// The name server is an address for documentation: a look-up finds no way out, at once, and is
// counted.
constexpr std::array<File, 6> kFiles{{
    {"passwd", "app:x:1000:1000:app:/home/app:/bin/sh\n"},
    {"group", "app:x:1000:\n"},
    {"hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"},
    {"nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
    {"resolv.conf", "nameserver 192.0.2.53\noptions timeout:1 attempts:1\n"},
    {"empty", ""},
}};

using Words = std::vector<std::string>;

void add(Words& words, const Words& more) { words.insert(words.end(), more.begin(), more.end()); }

// Merged /usr: /bin and the others are links into it, or, where they are not, folders to show.
void add_system(Words& words) {
  add(words, {"--ro-bind", "/usr", "/usr"});
  std::error_code error;
  for (const auto* name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
    const auto path = fs::path("/") / name;
    if (fs::is_symlink(path, error))
      add(words, {"--symlink", fs::read_symlink(path, error).string(), path.string()});
    else
      add(words, {"--ro-bind-try", path.string(), path.string()});
  }
  for (const auto* file : kSystemFiles) add(words, {"--ro-bind-try", file, file});
}

// By hand: bubblewrap's own /dev comes with pseudo-terminals, for which it nests two user
// namespaces, and in the inner one nobody may give the agent a small port.
void add_devices(Words& words) {
  add(words, {"--size", "65536", "--tmpfs", "/dev"});
  for (const std::string name : {"null", "zero", "full", "random", "urandom"})
    add(words, {"--dev-bind", "/dev/" + name, "/dev/" + name});
  add(words, {"--symlink", "/proc/self/fd", "/dev/fd", "--symlink", "fd/0", "/dev/stdin"});
  add(words, {"--symlink", "fd/1", "/dev/stdout", "--symlink", "fd/2", "/dev/stderr"});
}

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

bool is_shown(const fs::path& path, const CellSpec& spec) {
  std::error_code error;
  return is_below(path, "/usr") || std::ranges::any_of(spec.read_only, [&](const auto& each) {
           return is_below(path, fs::weakly_canonical(each, error));
         });
}

// At its own path, however many links lead there; so what is to be hidden below is found. A link in
// a folder that is shown is there already.
void show(Words& words, const fs::path& path, const CellSpec& spec) {
  std::error_code error;
  const auto own = fs::weakly_canonical(path, error);
  add(words, {"--ro-bind", own.string(), own.string()});
  if (own != path && !is_shown(fs::weakly_canonical(path.parent_path(), error), spec))
    add(words, {"--symlink", own.string(), path.string()});
}

// What is there and would be seen. What lies in a folder that is hidden needs no more than that.
std::vector<fs::path> hidden_of(const CellSpec& spec) {
  auto ordered = spec.hidden;
  std::ranges::sort(ordered);
  std::vector<fs::path> hidden;
  std::error_code error;
  for (const auto& path : ordered) {
    if (!is_shown(path, spec) || !fs::exists(path, error)) continue;
    if (hidden.empty() || !is_below(path, hidden.back())) hidden.push_back(path);
  }
  return hidden;
}

// A read-only mount keeps nobody from speaking to whoever listens at a socket or reads a pipe, so
// an empty file is laid over each. What is left, or comes later, the probe finds.
void cover(Words& words, const CellSpec& spec, const std::vector<fs::path>& hidden,
           const fs::path& empty) {
  const auto look = [&](const fs::path& path, const struct stat& status) {
    if (std::ranges::find(hidden, path) != hidden.end()) return Onward::pass;
    if (is_socket_or_pipe(status)) add(words, {"--ro-bind", empty.string(), path.string()});
    return words.size() < kMostWords ? Onward::go_on : Onward::end;
  };
  for (const auto& path : sight_of(spec).shown) (void)walk(path, look);
}

// An empty folder or file is laid over each; nothing can be written there.
void hide(Words& words, const std::vector<fs::path>& hidden, const fs::path& empty) {
  std::error_code error;
  for (const auto& path : hidden)
    if (fs::is_directory(path, error))
      add(words, {"--size", "4096", "--tmpfs", path.string(), "--remount-ro", path.string()});
    else
      add(words, {"--ro-bind", empty.string(), path.string()});
}

std::string hosts_of(const std::vector<Destination>& ways_out) {
  std::string lines;
  for (const auto& each : ways_out)
    lines += address_inside(ways_out, each.host) + " " + each.host + "\n";
  return lines;
}

}  // namespace

std::string address_inside(const std::vector<Destination>& ways_out, const std::string& host) {
  const auto first = std::find_if(ways_out.begin(), ways_out.end(),
                                  [&](const auto& each) { return each.host == host; });
  return "127.0.1." + std::to_string(first - ways_out.begin() + 1);
}

Result<fs::path> make_system_files(const CellSpec& spec) {
  const auto etc = spec.data.parent_path() / "etc";
  TRY(make_directories(etc));
  for (const auto& file : kFiles) {
    const auto made = TRY(open_file(etc / file.name, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    auto text = std::string(file.text);
    if (file.name == std::string_view("hosts")) text += hosts_of(spec.ways_out);
    TRY(write_at(made.get(), 0, view_of(text)));
  }
  return etc;
}

Sight sight_of(const CellSpec& spec) {
  Sight sight{spec.read_only, {kDataInside}};
  for (const auto& [own, inside] : spec.writable) sight.own.push_back(inside);
  // The rest of the system is of packages, which keep what runs elsewhere.
  sight.shown.emplace_back("/usr/local");
  return sight;
}

std::vector<std::string> arguments_of(const CellSpec& spec, const fs::path& etc) {
  Words words{spec.bubblewrap.string()};
  add(words, {"--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net"});
  add(words, {"--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox"});
  add(words, {"--uid", kUser, "--gid", kUser, "--cap-drop", "ALL", "--die-with-parent"});
  add(words, {"--new-session", "--as-pid-1", "--info-fd", std::to_string(kInformation)});
  // The agent alone may listen on small ports; it gives the right to nobody.
  if (!spec.ways_out.empty()) add(words, {"--cap-add", "CAP_NET_BIND_SERVICE"});
  add_system(words);
  for (const auto& file : kFiles)
    add(words, {"--ro-bind", (etc / file.name).string(), std::string("/etc/") + file.name});
  add(words, {"--proc", "/proc"});
  add_devices(words);
  for (const auto* folder : {"/tmp", "/var/tmp", "/dev/shm", "/home/app"})
    add(words, {"--size", std::to_string(spec.limits.temporary), "--tmpfs", folder});
  for (const auto& path : spec.read_only) show(words, path, spec);
  const auto hidden = hidden_of(spec);
  cover(words, spec, hidden, etc / "empty");
  hide(words, hidden, etc / "empty");
  for (const auto& [own, inside] : spec.writable)
    add(words, {"--bind", own.string(), inside.string()});
  add(words, {"--bind", spec.data.string(), kDataInside});
  std::error_code error;
  const auto agent = fs::read_symlink("/proc/self/exe", error).string();
  add(words, {"--ro-bind", agent, kAgentInside, "--remount-ro", "/"});
  add(words, {"--chdir", "/", "--", kAgentInside, std::string(kAgentVerb)});
  return words;
}

}  // namespace lifeboat::sandbox
