#include "drill/app/filter.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "base/file.h"

// Its header does not say that it is of C.
extern "C" {
#include <jq.h>
}

namespace lifeboat::drill {
namespace {

constexpr std::size_t kLargest = 64U << 20U;
constexpr auto kPatience = std::chrono::seconds(10);
constexpr rlim_t kSeconds = 2;
constexpr rlim_t kMemory = 1U << 30U;
constexpr std::int64_t kExact = std::int64_t{1} << 53U;

// ---- in the process of its own

extern "C" jv no_input(jq_state*, void*) {
  return jv_invalid_with_msg(jv_string("there is no input"));
}
extern "C" void keep_first(void* kept, jv message) {
  auto& text = *static_cast<std::string*>(kept);
  if (text.empty() && jv_get_kind(message) == JV_KIND_STRING) text = jv_string_value(message);
  jv_free(message);
}

std::string text_of_jv(jv value) {
  jv dumped = jv_dump_string(value, 0);
  std::string text = jv_string_value(dumped);
  jv_free(dumped);
  return text;
}

// The library's own words would quote what was answered.
Json outcome_of_filter(jq_state* state) {
  jv value = jq_next(state);
  if (jv_is_valid(value)) return {{"value", text_of_jv(value)}};
  jv message = jv_invalid_get_msg(value);
  const bool nothing = jv_get_kind(message) == JV_KIND_NULL;
  jv_free(message);
  return {{"error", nothing ? "it gives no value" : "it cannot be applied to this answer"}};
}

Json answer_to(const std::string& filter, jv input) {
  jq_state* state = jq_init();
  std::string complaint;
  jq_set_error_cb(state, keep_first, &complaint);
  jq_set_input_cb(state, no_input, nullptr);
  jq_set_attr(state, jv_string("JQ_LIBRARY_PATH"), jv_array());
  Json outcome;
  if (jq_compile(state, filter.c_str()) == 0) {
    outcome = {{"error", complaint.empty() ? "it is no jq filter" : complaint}};
    jv_free(input);
  } else {
    jq_start(state, input, 0);
    outcome = outcome_of_filter(state);
  }
  jq_teardown(&state);
  return outcome;
}

// Its own memory is already there; what the filters may add is limited. The address sanitizer
// maps far more than it uses.
void limit_itself() {
  const rlimit seconds{kSeconds, kSeconds};
  setrlimit(RLIMIT_CPU, &seconds);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_FSIZE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit memory{kMemory, kMemory};
  setrlimit(RLIMIT_DATA, &memory);
#endif
}

std::string read_all(int descriptor) {
  std::string text;
  char buffer[65536];
  for (ssize_t size = 0; (size = read(descriptor, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(size));
  return text;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto size = send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

int serve() {
  limit_itself();
  const auto request = parse_json(read_all(STDIN_FILENO), kLargest);
  if (!request) return 1;
  const auto text = request->at("text").get<std::string>();
  Json answers = Json::array();
  for (const auto& filter : request->at("filters")) {
    jv input = jv_parse_sized(text.c_str(), static_cast<int>(text.size()));
    answers.push_back(answer_to(filter.get<std::string>(), input));
  }
  return write_all(STDIN_FILENO, canonical_json(answers)) ? 0 : 1;
}

// ---- in the process that asks

bool is_exact(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= kExact;
  if (value.is_number_integer()) return value.get<std::int64_t>() >= -kExact;
  if (!value.is_structured()) return true;
  for (const auto& each : value)
    if (!is_exact(each)) return false;
  return true;
}

struct Worker {
  FileDescriptor socket;
  pid_t process = -1;

  Worker(FileDescriptor end, pid_t id) : socket(std::move(end)), process(id) {}
  Worker(Worker&& other) noexcept
      : socket(std::move(other.socket)), process(std::exchange(other.process, -1)) {}
  Worker& operator=(Worker&&) = delete;
  ~Worker() {
    if (process < 0) return;
    kill(process, SIGKILL);
    while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
};

Result<Worker> begin_worker() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno(errno, "a pair of sockets");
  FileDescriptor ours(ends[0]);
  const FileDescriptor theirs(ends[1]);
  std::string program = "/proc/self/exe";
  std::string verb(kFilterVerb);
  char* arguments[] = {program.data(), verb.data(), nullptr};
  char* nothing = nullptr;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDIN_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  pid_t process = -1;
  const int error = posix_spawn(&process, program.c_str(), &actions, nullptr, arguments, &nothing);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno(error, "a process for filters");
  return Worker(std::move(ours), process);
}

Result<std::string> read_answer(int socket) {
  std::string text;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd watched{socket, POLLIN, 0};
    if (left.count() <= 0 || poll(&watched, 1, static_cast<int>(left.count())) <= 0)
      return fail(Code::timed_out, "the filters take too long");
    char buffer[65536];
    const auto size = read(socket, buffer, sizeof buffer);
    if (size <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
    if (text.size() > kLargest) return fail(Code::corrupt, "a filter gives too much");
  }
}

FilterValue value_of(const Json& answer) {
  if (const auto error = answer.find("error"); error != answer.end())
    return fail(Code::check_failed, error->get<std::string>());
  return parse_json(TRY(text_at(answer, "value")));
}

}  // namespace

std::optional<int> run_filter_process(int argc, char** argv) {
  if (argc != 2 || argv[1] != kFilterVerb) return std::nullopt;
  _exit(serve());
}

Result<std::vector<FilterValue>> run_filters(const std::string& text,
                                             const std::vector<std::string>& filters) {
  const auto json = TRY_CONTEXT("the answer is no JSON", parse_json(text, kLargest / 2));
  if (!is_exact(json))
    return fail(Code::corrupt,
                "the answer holds a whole number beyond 2^53, which jq would change");
  const auto worker = TRY(begin_worker());
  const bool sent =
      write_all(worker.socket.get(), canonical_json({{"text", text}, {"filters", filters}}));
  shutdown(worker.socket.get(), SHUT_WR);
  const auto said = sent ? TRY(read_answer(worker.socket.get())) : std::string();
  const auto answers = parse_json(said, kLargest);
  if (!answers || !answers->is_array() || answers->size() != filters.size())
    return fail(Code::timed_out, "a filter takes too much time or memory");
  std::vector<FilterValue> values;
  for (const auto& answer : *answers) values.push_back(value_of(answer));
  return values;
}

}  // namespace lifeboat::drill
