#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "sandbox/dial.h"
#include "sandbox/test_cell.h"

namespace lifeboat::sandbox {
namespace {

TEST_F(CellTest, NothingLeavesIt) {
  const auto isolation = cell().probe({});
  ASSERT_TRUE(isolation) << isolation.error().describe();
  EXPECT_TRUE(isolation->proven()) << to_json(*isolation).dump(2);
  EXPECT_GE(isolation->attempts.size(), 9U);
}

TEST_F(CellTest, CountsWhatTriesToLeave) {
  ASSERT_TRUE(cell().probe({}));
  said(
      "python3 -c '\nimport socket\nfor i in range(3):\n"
      "  try: socket.create_connection((\"192.0.2.7\", 25), 1)\n  except OSError: pass'",
      {{"PATH", "/usr/bin:/bin"}});
  const auto after = cell().look();
  ASSERT_TRUE(after);
  EXPECT_EQ(after->outward, 3U);
}

TEST_F(CellTest, SeesNothingOfThisMachineButItsPrograms) {
  const auto secret = scratch_.path() / "secret";
  ASSERT_TRUE(write_file(secret, view_of("production"), 0644));
  EXPECT_EQ(said("cat " + secret.string() + " 2>/dev/null || echo nothing"), "nothing\n");
  EXPECT_EQ(said("cat /etc/shadow /root/* /home/*/* 2>/dev/null; echo end"), "end\n");
  EXPECT_EQ(said("ls /root /srv /mnt /opt /boot /sys 2>/dev/null; echo end"), "end\n");
}

TEST_F(CellTest, HasNoneOfTheCallersEnvironment) {
  ::setenv("LIFEBOAT_TEST_SECRET", "from outside", 1);
  const auto found = said("export -p", {{"NAMED", "yes"}});
  EXPECT_EQ(found.find("from outside"), std::string::npos) << found;
  EXPECT_NE(found.find("NAMED='yes'"), std::string::npos) << found;
}

TEST_F(CellTest, HasNoneOfTheCallersDescriptors) {
  const auto secret = scratch_.path() / "secret";
  ASSERT_TRUE(write_file(secret, view_of("production"), 0644));
  const int leak = ::open(secret.c_str(), O_RDONLY);  // without O_CLOEXEC, as a caller's may be
  ASSERT_GE(leak, 0);
  EXPECT_EQ(said("/usr/bin/ls /proc/$$/fd"), "0\n1\n2\n");
  EXPECT_EQ(said("(cat <&" + std::to_string(leak) + ") 2>/dev/null || echo closed"), "closed\n");
  ::close(leak);
}

TEST_F(CellTest, WritesOnlyItsDataAndItsTemporaryFiles) {
  EXPECT_EQ(said("echo x > /data/new && cat /data/new"), "x\n");
  EXPECT_EQ(to_text(*read_file(spec_.data / "new")), "x\n");
  EXPECT_EQ(said("echo x > /tmp/new && echo x > /home/app/new && echo fine"), "fine\n");
  for (const auto* place : {"/usr/new", "/new", "/etc/new", "/run/new"})
    EXPECT_EQ(said("(echo x > " + std::string(place) + ") 2>/dev/null || echo refused"),
              "refused\n")
        << place;
}

TEST_F(CellTest, ShowsWhatIsNamedAndHidesWhatIsProduction) {
  const auto own = scratch_.path() / "application";
  ASSERT_TRUE(make_directories(own / "uploads"));
  for (const auto* name : {"program", "shop.db", ".env", "uploads/1.png"})
    ASSERT_TRUE(write_file(own / name, view_of("content"), 0644));
  spec_.read_only = {own};
  spec_.hidden = {own / "shop.db", own / "uploads", own / ".env"};
  EXPECT_EQ(said("cat " + (own / "program").string()), "content");
  EXPECT_EQ(said("cat " + own.string() + "/shop.db " + own.string() + "/.env; ls " + own.string() +
                 "/uploads; echo end"),
            "end\n");
  struct stat status{};
  ASSERT_EQ(stat((own / "shop.db").c_str(), &status), 0);
  const auto isolation =
      cell().probe({{"source db", {(own / "shop.db").string()}, {{status.st_dev, status.st_ino}}}});
  ASSERT_TRUE(isolation);
  EXPECT_TRUE(isolation->proven()) << to_json(*isolation).dump(2);
}

TEST_F(CellTest, ShowsWhatLinksLeadToWhereverTheLinkIs) {
  const auto own = scratch_.path() / "application";
  const auto release = own / "releases" / "3";
  ASSERT_TRUE(make_directories(release));
  ASSERT_TRUE(write_file(release / "program", view_of("content"), 0644));
  fs::create_directory_symlink(release, own / "current");
  fs::create_directory_symlink(release, scratch_.path() / "elsewhere");
  spec_.read_only = {own, own / "current", scratch_.path() / "elsewhere", "/usr/bin/python3"};
  EXPECT_EQ(said("cat " + (own / "current" / "program").string() + " " +
                 (scratch_.path() / "elsewhere" / "program").string()),
            "contentcontent");
}

TEST_F(CellTest, FindsProductionThatCanBeSeen) {
  const auto own = scratch_.path() / "application";
  ASSERT_TRUE(make_directories(own));
  ASSERT_TRUE(write_file(own / "shop.db", view_of("content"), 0644));
  spec_.read_only = {own};
  struct stat status{};
  ASSERT_EQ(stat((own / "shop.db").c_str(), &status), 0);
  const auto isolation =
      cell().probe({{"source db", {(own / "shop.db").string()}, {{status.st_dev, status.st_ino}}}});
  ASSERT_TRUE(isolation);
  EXPECT_FALSE(isolation->proven());
}

TEST_F(CellTest, HandsOutConnectionsToWhatListensInside) {
  begin(
      "exec python3 -c '\nimport socket\ns = socket.create_server((\"127.0.0.1\", 8123))\n"
      "while True:\n  c, _ = s.accept()\n  c.sendall(b\"hello\")\n  c.close()'");
  Result<FileDescriptor> connection = fail(Code::unavailable, "not yet");
  wait_until([&] { return (connection = cell().connect(8123)).has_value(); });
  ASSERT_TRUE(connection) << connection.error().describe();
  char buffer[16]{};
  EXPECT_EQ(recv(connection->get(), buffer, 5, MSG_WAITALL), 5) << buffer;
  EXPECT_STREQ(buffer, "hello");
  EXPECT_EQ(cell().look()->listening, std::vector<std::uint16_t>{8123});
  EXPECT_EQ(cell().connect(8124).error().code(), Code::unavailable);
}

// On this machine's loopback, outside.
struct Listener {
  explicit Listener(int type = SOCK_STREAM) : socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_TRUE(type == SOCK_DGRAM || listen(socket.get(), 1) == 0);
    EXPECT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  FileDescriptor socket;
  std::uint16_t port = 0;
};

// Takes one connection, and says pong to its ping.
std::jthread answer_at(const FileDescriptor& listener) {
  return std::jthread([&] {
    const FileDescriptor made(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char buffer[8];
    EXPECT_EQ(recv(made.get(), buffer, 4, MSG_WAITALL), 4);
    EXPECT_EQ(send(made.get(), "pong!", 5, MSG_NOSIGNAL), 5);
  });
}

std::string ping_to(const std::string& host, std::uint16_t port) {
  return "python3 -c '\nimport socket\ns = socket.create_connection((\"" + host + "\", " +
         std::to_string(port) + "))\ns.sendall(b\"ping\")\nprint(s.recv(9))'";
}

TEST_F(CellTest, CannotReachWhatListensOutside) {
  const Listener outside;
  EXPECT_EQ(cell().connect(outside.port).error().code(), Code::unavailable);
}

// What the probe finds where nothing isolates it.
Attempt tried(const std::string& kind, std::uint16_t port,
              const std::string& address = "127.0.0.1") {
  const Json peer{{"what", kind}, {"kind", kind}, {"address", address}, {"port", port}};
  const auto none = Json::array();
  const auto found = read_probe(run_probe(
      {{"peers", Json::array({peer})}, {"places", none}, {"own", none}, {"shown", none}}));
  EXPECT_TRUE(found);
  return found ? found->attempts.at(0) : Attempt{};
}

TEST(Probe, CallsBlockedOnlyWhatIsNotReached) {
  const Listener outside;
  EXPECT_EQ(tried("address", outside.port).found, "connected");
  EXPECT_FALSE(tried("address", outside.port).blocked);
  EXPECT_FALSE(tried("address", Listener().port).blocked) << "who refuses was reached";
  const auto nowhere = tried("address", outside.port, "224.0.0.1");
  EXPECT_TRUE(nowhere.blocked) << nowhere.found;
}

TEST(Probe, CallsANameServerBlockedOnlyWhenItIsSilent) {
  const Listener server(SOCK_DGRAM);
  EXPECT_TRUE(tried("dns", server.port).blocked);
  const std::jthread answering([&] {
    char question[64];
    sockaddr_in asker{};
    socklen_t size = sizeof asker;
    auto* from = reinterpret_cast<sockaddr*>(&asker);
    for (int i = 0; i < 2; ++i) {  // the first was asked before
      const auto got = recvfrom(server.socket.get(), question, sizeof question, 0, from, &size);
      EXPECT_GT(got, 0);
      std::ignore =
          sendto(server.socket.get(), question, static_cast<std::size_t>(got), 0, from, size);
    }
  });
  const auto answered = tried("dns", server.port);
  EXPECT_EQ(answered.found, "answered");
  EXPECT_FALSE(answered.blocked);
}

TEST_F(CellTest, CarriesOnWhatIsAllowedAndWritesItDown) {
  const Listener outside;
  const auto server = answer_at(outside.socket);
  spec_.ways_out = {{"127.0.0.1", outside.port}};
  EXPECT_EQ(said(ping_to("127.0.1.1", outside.port), {{"PATH", "/usr/bin:/bin"}}), "b'pong!'\n");
  wait_until([&] { return cell().traffic()[0].received > 0; });
  const auto traffic = cell().traffic();
  EXPECT_EQ(traffic[0].connections, 1U);
  EXPECT_EQ(traffic[0].sent, 4U);
  EXPECT_EQ(traffic[0].received, 5U);
  EXPECT_TRUE(cell().probe({})->proven());
}

TEST_F(CellTest, LeadsToAServerOfTheSandboxByItsNameAndCountsWhatFails) {
  const auto socket = (scratch_.path() / "db.sock").string();
  spec_.ways_out = {{"db.sandbox", 27017, socket}};
  const auto ping = ping_to("db.sandbox", 27017);
  EXPECT_EQ(said(ping + " 2>&1 | grep -c pong", {{"PATH", "/usr/bin:/bin"}}), "0\n");
  wait_until([&] { return cell().traffic()[0].refused > 0; });
  const auto listener = listen_at(socket);
  const auto server = answer_at(listener);
  EXPECT_EQ(said(ping, {{"PATH", "/usr/bin:/bin"}}), "b'pong!'\n");
  wait_until([&] { return cell().traffic()[0].received > 0; });
  EXPECT_EQ(cell().traffic()[0].connections, 2U);
  EXPECT_EQ(cell().traffic()[0].refused, 1U);
  EXPECT_TRUE(cell().probe({})->proven());
  EXPECT_TRUE(cell().look()->listening.empty()) << "nothing that was started listens";
}

TEST(Destinations, AreTheSameByWhateverNamesTheyHave) {
  const Destination literal{"127.0.0.1", 27017, {}};
  EXPECT_TRUE(may_be_same_place(literal, {"localhost", 27017, {}}));
  EXPECT_FALSE(may_be_same_place(literal, {"localhost", 27018, {}}));
  EXPECT_TRUE(may_be_same_place(literal, {"127.0.0.2", 27017, {}}))
      << "all of this machine's are one";
  EXPECT_FALSE(may_be_same_place(literal, {"192.0.2.7", 27017, {}}));
  EXPECT_TRUE(may_be_same_place({"no.such.host", 1, {}}, {"no.such.host", 1, {}}));
  EXPECT_TRUE(may_be_same_place(literal, {"no.such.host", 27017, {}})) << "nobody can tell";
  EXPECT_TRUE(may_be_same_place({"no.such.host", 27017, {}}, literal));
  EXPECT_FALSE(may_be_same_place(literal, {"no.such.host", 27018, {}}));
}

TEST_F(CellTest, SmallPortsAreTheAgentsAlone) {
  spec_.ways_out = {{"smtp.example.org", 587}};
  EXPECT_EQ(said("python3 -c '\nimport socket\nprint(socket.gethostbyname(\"smtp.example.org\"))\n"
                 "try: socket.create_server((\"127.0.0.1\", 25))\nexcept OSError: print(\"no\")'",
                 {{"PATH", "/usr/bin:/bin"}}),
            "127.0.1.1\nno\n");
}

TEST_F(CellTest, KillsEverythingThatWasStarted) {
  // Away from its parent, its session and its signals.
  begin("(trap '' TERM HUP INT; setsid sleep 1000 & setsid sleep 1000) & echo begun; sleep 1000");
  wait_until([&] { return cell().look()->processes >= 4; });
  EXPECT_GE(cell().look()->processes, 4U);
  EXPECT_TRUE(cell().destroy());
}

TEST_F(CellTest, TellsHowAProcessEnded) {
  const int process = begin("exit 7");
  CellNews news;
  wait_until([&] { return !(news = cell().news()).ended.empty(); });
  ASSERT_EQ(news.ended.size(), 1U);
  EXPECT_EQ(news.ended[0].process, process);
  EXPECT_EQ(news.ended[0].status, 7);
}

TEST_F(CellTest, EndsWhatTakesTooMuchMemoryTogether) {
  spec_.limits.memory = 200U << 20U;
  begin(
      "for i in 1 2 3 4; do python3 -c '\nimport time\nb = bytearray(90 << 20)\ntime.sleep(60)' & "
      "done; wait");
  CellNews news;
  wait_until([&] { return !(news = cell().news()).over.empty(); });
  EXPECT_EQ(news.over, "memory");
  wait_until([&] { return cell().look()->processes == 0; });
  EXPECT_EQ(cell().look()->processes, 0U);
}

TEST_F(CellTest, OneProcessCannotTakeTooMuchMemory) {
  spec_.limits.memory = 200U << 20U;
  EXPECT_EQ(said("python3 -c 'bytearray(1 << 30)' 2>/dev/null || echo refused",
                 {{"PATH", "/usr/bin:/bin"}}),
            "refused\n");
}

TEST_F(CellTest, OneProcessCannotOpenTooManyFiles) {
  spec_.limits.open_files = 20;
  const auto open_some = [&](const std::string& count) {
    return said("python3 -c 'a = [open(\"/dev/null\") for i in range(" + count +
                    ")]' 2>&1 | grep -c 'Too many open files'",
                {{"PATH", "/usr/bin:/bin"}});
  };
  EXPECT_EQ(open_some("10"), "0\n");
  EXPECT_EQ(open_some("20"), "1\n");
}

TEST_F(CellTest, EndsWhatForksWithoutEnd) {
  spec_.limits.processes = 50;
  begin("while :; do sleep 1000 & done");
  CellNews news;
  wait_until([&] { return !(news = cell().news()).over.empty(); });
  EXPECT_EQ(news.over, "processes");
}

TEST_F(CellTest, EndsWhatFillsTheDisk) {
  spec_.limits.disk_reserve = ~0ULL >> 2U;  // as if nearly everything were taken
  begin("sleep 1000");
  CellNews news;
  wait_until([&] { return !(news = cell().news()).over.empty(); });
  EXPECT_EQ(news.over, "disk");
}

TEST_F(CellTest, AFileCannotGrowBeyondItsLimit) {
  spec_.limits.file_size = 1U << 20U;
  said("dd if=/dev/zero of=/data/large bs=1M count=10 2>/dev/null; true", {{"PATH", "/usr/bin"}});
  EXPECT_EQ(fs::file_size(spec_.data / "large"), 1U << 20U);
}

TEST_F(CellTest, WithoutBubblewrapItSaysWhatIsMissing) {
  spec_.bubblewrap = "/nonexistent/bwrap";
  const auto opened = Cell::open(spec_, test_.context);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::unavailable);
  EXPECT_NE(opened.error().hint().find("bubblewrap"), std::string::npos);
}

TEST_F(CellTest, WhereNamespacesAreRefusedItSaysWhy) {
  const auto refuses = scratch_.path() / "bwrap";
  ASSERT_TRUE(write_file(
      refuses,
      view_of("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n"),
      0755));
  spec_.bubblewrap = refuses;
  const auto opened = Cell::open(spec_, test_.context);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::unavailable);
  EXPECT_NE(opened.error().message().find("setting up uid map"), std::string::npos);
}

class OutputTest : public ::testing::Test {
 protected:
  static std::vector<Pattern> patterns(const std::string& text) {
    std::vector<Pattern> list;
    list.push_back(std::move(*Pattern::parse(text)));
    return list;
  }
  // Everything written and taken.
  static void finish(Output& output, std::uint64_t bytes) {
    output.close_ours();
    for (int i = 0; i < 400 && output.bytes() < bytes; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
};

TEST_F(OutputTest, FindsLinesThatMatch) {
  auto output = std::move(*Output::open(patterns("\"level\":(50|60)|ERROR")));
  const std::string text = "{\"level\":30}\n{\"level\":50,\"m\":1}\nlast ERROR";
  ASSERT_EQ(write(output->end_for_process(), text.data(), text.size()),
            static_cast<ssize_t>(text.size()));
  finish(*output, text.size());
  EXPECT_EQ(output->watched(0).matches, 2U);
  EXPECT_EQ(output->watched(0).lines.front(), "{\"level\":50,\"m\":1}");
  EXPECT_EQ(output->text(), text);
}

TEST_F(OutputTest, KeepsTheBeginningAndTheEndOfAFlood) {
  auto output = std::move(*Output::open(patterns("never")));
  const std::string line(99, 'x');
  for (int i = 0; i < 10'000; ++i) {
    const auto text = (i == 0 ? "first" : i == 9'999 ? "very last" : line) + "\n";
    ASSERT_EQ(write(output->end_for_process(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
  finish(*output, 9'998 * 100 + 6 + 10);
  EXPECT_LT(output->text().size(), 200'000U);
  EXPECT_TRUE(output->text().starts_with("first\n"));
  EXPECT_TRUE(output->text().ends_with("very last\n"));
}

TEST_F(OutputTest, APatternThatIsNoneIsRefused) {
  EXPECT_EQ(Pattern::parse("(").error().code(), Code::config_invalid);
}

}  // namespace
}  // namespace lifeboat::sandbox
