#pragma once
// A FerretDB of its own for a test: in a scratch directory, on a Unix socket there, killed at the
// end. `tools/ferretdb` builds the program, and LIFEBOAT_FERRETDB says where it is; a test without
// it fails. One thread at a time.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/spawn_attributes.h"
#include "base/text.h"

namespace lifeboat::engine::mongodb::testing {

struct ServerOptions {
  // With authentication: a user who may do everything, kept in the database `user_database`.
  bool authentication = false;
  std::string user = "keeper";
  std::string password = "a p@ss/word:";
  std::string user_database = "people";
  std::string replica_set{};             // with an oplog, once somebody creates local.oplog.rs
  std::vector<std::string> arguments{};  // more of FerretDB's own
};

class TestServer {
 public:
  explicit TestServer(ServerOptions options = {}) : options_(std::move(options)) {
    begin();
    wait_until_it_listens();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer() { kill(); }

  // Of the user who may do everything; `database` is the one that the URI names.
  std::string uri(const std::string& database = "") const {
    if (!options_.authentication) return uri_of("", "", database);
    return uri_of(options_.user, options_.password, database);
  }
  std::string uri_of(const std::string& user, const std::string& password,
                     const std::string& database = "") const {
    std::string uri = "mongodb://";
    if (!user.empty()) uri += percent_encoded(user) + ":" + percent_encoded(password) + "@";
    uri += percent_encoded(socket()) + "/" + database +
           "?directConnection=true&serverSelectionTimeoutMS=3000";
    if (!user.empty())
      uri += "&authSource=" + options_.user_database + "&authMechanism=SCRAM-SHA-256";
    return uri;
  }
  std::string socket() const { return (folder_.path() / "db.sock").string(); }
  // As a crash would.
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }

 private:
  std::vector<std::string> arguments() const {
    const auto data = folder_.path() / "data";
    fs::create_directories(data);
    std::vector<std::string> all{
        program(),        "--handler=sqlite",          "--sqlite-url=file:" + data.string() + "/",
        "--listen-addr=", "--listen-unix=" + socket(), "--state-dir=-",
        "--debug-addr=-", "--telemetry=disable",       "--log-level=error"};
    if (options_.authentication)
      for (const auto& each : {"--test-enable-new-auth",
                               "--setup-database=", "--setup-username=", "--setup-password="})
        all.emplace_back(each);
    if (options_.authentication) {
      all[all.size() - 3] += options_.user_database;
      all[all.size() - 2] += options_.user;
      all[all.size() - 1] += options_.password;
    }
    if (!options_.replica_set.empty()) all.push_back("--repl-set-name=" + options_.replica_set);
    all.insert(all.end(), options_.arguments.begin(), options_.arguments.end());
    return all;
  }

  static std::string program() {
    const char* path = std::getenv("LIFEBOAT_FERRETDB");
    return path == nullptr ? "" : path;
  }

  void begin() {
    ASSERT_EQ(::access(program().c_str(), X_OK), 0)
        << "FerretDB is not there (LIFEBOAT_FERRETDB=" << program()
        << "): run tools/ferretdb, and the tests through ctest";
    auto texts = arguments();
    const auto pointers = pointers_to(texts);
    const auto log = (folder_.path() / "log").string();
    process_ = ::fork();
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }

  void wait_until_it_listens() {
    constexpr auto kPatience = std::chrono::seconds(60);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (process_ > 0 && !listens()) {
      const bool ended = ::waitpid(process_, nullptr, WNOHANG) != 0;
      if (ended) process_ = -1;
      if (ended || std::chrono::steady_clock::now() > until) {
        ADD_FAILURE() << "FerretDB did not begin: " << log();
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  bool listens() const {
    const FileDescriptor connection(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = socket();
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return ::connect(connection.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }

  std::string log() const {
    const auto text = read_file(folder_.path() / "log");
    return text ? to_text(*text) : "it left no log";
  }

  ServerOptions options_;
  ScratchDirectory folder_ = ScratchDirectory::make().value();
  pid_t process_ = -1;
};

}  // namespace lifeboat::engine::mongodb::testing
