#include "net/http.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/test_context.h"

namespace lifeboat::net {
namespace {

// Says one thing, whatever it is asked, on this machine's loopback.
class OneAnswer {
 public:
  explicit OneAnswer(std::string text, bool endless = false)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_.get(), 1), 0);
    EXPECT_EQ(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = std::to_string(ntohs(address.sin_port));
    server_ = std::jthread([text = std::move(text), endless, this] { serve(text, endless); });
  }
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + port_ + path; }
  std::string asked() {
    server_.join();
    return asked_;
  }

 private:
  void serve(const std::string& text, bool endless) {
    const FileDescriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char buffer[65536];
    const auto size = read(socket.get(), buffer, sizeof buffer);
    if (size > 0) asked_.assign(buffer, static_cast<std::size_t>(size));
    do {
      if (send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) break;
    } while (endless);
    // What says nothing waits until the other side is tired of it.
    if (text.empty()) (void)read(socket.get(), buffer, sizeof buffer);
  }

  FileDescriptor listener_;
  std::string port_;
  std::string asked_;
  std::jthread server_;
};

class HttpTest : public ::testing::Test {
 protected:
  Result<HttpResponse> get(OneAnswer& server, const HttpLimits& limits = {}) {
    HttpSession session;
    HttpRequest request;
    request.url = server.url("/ready?x=1");
    return session.send(request, limits, test_.context);
  }
  TestContext test_;
};

TEST_F(HttpTest, HandsBackStatusHeadersAndBody) {
  OneAnswer server(
      "HTTP/1.1 400 Bad\r\nContent-Type:  text/plain \r\nContent-Length: 3\r\n\r\nabc");
  const auto response = get(server);
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->status, 400);
  EXPECT_EQ(response->header("content-type"), "text/plain");
  EXPECT_EQ(response->body, "abc");
  EXPECT_TRUE(server.asked().starts_with("GET /ready?x=1 HTTP/1.1\r\n"));
}

TEST_F(HttpTest, SendsMethodHeadersAndBody) {
  OneAnswer server("HTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n");
  HttpSession session;
  const HttpRequest request{"PATCH", server.url("/x"), {{"X-One", "1"}}, "{\"a\":1}"};
  EXPECT_EQ(session.send(request, {}, test_.context)->status, 201);
  const auto asked = server.asked();
  EXPECT_TRUE(asked.starts_with("PATCH /x HTTP/1.1\r\n")) << asked;
  EXPECT_NE(asked.find("X-One: 1\r\n"), std::string::npos) << asked;
  EXPECT_TRUE(asked.ends_with("\r\n\r\n{\"a\":1}")) << asked;
}

TEST_F(HttpTest, DoesNotFollowARedirect) {
  OneAnswer server(
      "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n");
  const auto response = get(server);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
}

TEST_F(HttpTest, EndsAnAnswerThatIsTooLarge) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" +
                   std::string(100'000, 'x'));
  HttpLimits limits;
  limits.body = 50'000;
  EXPECT_EQ(get(server, limits).error().code(), Code::damage_found);
}

TEST_F(HttpTest, EndsAnAnswerWithoutAnEnd) {
  OneAnswer server("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(10'000, 'x'), true);
  HttpLimits limits;
  limits.body = 1'000'000;
  EXPECT_EQ(get(server, limits).error().code(), Code::damage_found);
}

TEST_F(HttpTest, EndsHeadersWithoutAnEnd) {
  OneAnswer server("HTTP/1.1 200 OK\r\nX: " + std::string(1000, 'x') + "\r\n", true);
  const auto response = get(server);
  ASSERT_FALSE(response);
}

TEST_F(HttpTest, WaitsNoLongerThanTheLimit) {
  OneAnswer server("");
  HttpLimits limits;
  limits.time = std::chrono::milliseconds(100);
  EXPECT_EQ(get(server, limits).error().code(), Code::timed_out);
}

TEST_F(HttpTest, WhatIsNoHttpIsCorrupt) {
  OneAnswer server("220 smtp.example.org ready\r\n");
  EXPECT_EQ(get(server).error().code(), Code::corrupt);
}

TEST_F(HttpTest, TakesItsSocketsFromWhereItIsTold) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  int made = 0;
  HttpSession session([&]() -> Result<FileDescriptor> {
    ++made;
    return FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  });
  const HttpRequest request{"GET", server.url("/"), {}, ""};
  const auto response = session.send(request, {}, test_.context);
  EXPECT_TRUE(response) << response.error().describe();
  EXPECT_EQ(made, 1);
}

TEST_F(HttpTest, NobodyThereIsUnavailable) {
  HttpSession session([]() -> Result<FileDescriptor> { return fail(Code::unavailable, "no"); });
  const HttpRequest request{"GET", "http://127.0.0.1/", {}, ""};
  EXPECT_EQ(session.send(request, {}, test_.context).error().code(), Code::unavailable);
}

}  // namespace
}  // namespace lifeboat::net
