#include "drill/app/exchange.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>

#include "crypto/hash.h"
#include "drill/app/filter.h"
#include "sandbox/output.h"

namespace lifeboat::drill {
namespace {

constexpr unsigned kFirstGood = 200;
constexpr unsigned kFirstNotGood = 300;

std::string form_encoded(const std::map<std::string, std::string>& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    const Names names{{"capture.n", name}, {"capture.v", value}};
    text +=
        (text.empty() ? "" : "&") + fill_in_path("${capture.n}=${capture.v}", names).value_or("");
  }
  return text;
}

Result<std::string> multipart_body(const StepOptions& step, const Names& names,
                                   const std::string& boundary) {
  std::string body;
  for (const auto& [name, part] : step.multipart) {
    body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"";
    if (!part.filename.empty()) body += "; filename=\"" + part.filename + "\"";
    if (!part.type.empty()) body += "\r\nContent-Type: " + part.type;
    body += "\r\n\r\n" + TRY(fill_in(part.text, names)) + "\r\n";
  }
  return body + "--" + boundary + "--\r\n";
}

Result<void> add_header(net::HttpRequest& request, const std::string& name, std::string value) {
  if ((name + value).find_first_of("\r\n") != std::string::npos)
    return fail(Code::usage, "the header " + name + " would break a line");
  request.headers.emplace_back(name, std::move(value));
  return {};
}

struct Body {
  std::string text;
  std::string type;  // empty: none
};

Result<Body> body_of(const StepOptions& step, const Names& names, const std::string& boundary) {
  if (!step.json.is_null())
    return Body{canonical_json(TRY(fill_in_json(step.json, names))), "application/json"};
  if (!step.multipart.empty())
    return Body{TRY(multipart_body(step, names, boundary)),
                "multipart/form-data; boundary=" + boundary};
  if (step.form.empty()) return Body{TRY(fill_in(step.text, names)), ""};
  std::map<std::string, std::string> filled;
  for (const auto& [name, value] : step.form) filled[name] = TRY(fill_in(value, names));
  return Body{form_encoded(filled), "application/x-www-form-urlencoded"};
}

bool has_header(const StepOptions& step, std::string_view name) {
  return std::any_of(step.headers.begin(), step.headers.end(), [&](const auto& each) {
    return std::equal(
        each.first.begin(), each.first.end(), name.begin(), name.end(),
        [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
  });
}

// A page for people where data was promised is what a broken start often answers.
std::string content_type_of(const net::HttpResponse& response) {
  const auto type = response.header("content-type");
  return type.empty() ? "no content type" : type.substr(0, type.find(';'));
}

void judge_status(const net::HttpResponse& response, const ExpectOptions& expect,
                  std::vector<std::string>& faults) {
  const auto status = static_cast<unsigned>(response.status);
  const bool good =
      expect.status ? status == *expect.status : status >= kFirstGood && status < kFirstNotGood;
  if (good) return;
  auto fault = "status " + std::to_string(status) + " instead of " +
               (expect.status ? std::to_string(*expect.status) : std::string("2xx"));
  const bool redirect = status >= 300 && status < 400 && !response.header("location").empty();
  if (redirect) fault += ": it redirects, and redirects are not followed";
  faults.push_back(std::move(fault));
}

bool matches(const std::string& pattern, const std::string& text) {
  const auto compiled = sandbox::Pattern::parse(pattern);
  return compiled && compiled->is_in(text);
}

}  // namespace

Result<net::HttpRequest> build_request(const StepOptions& step, const Names& names,
                                       const std::string& boundary) {
  net::HttpRequest request;
  request.method = step.method;
  request.url = "http://127.0.0.1:" + TRY(fill_in("${sandbox.port}", names)) +
                TRY(fill_in_path(step.path, names));
  for (const auto& [name, value] : step.headers)
    TRY(add_header(request, name, TRY(fill_in(value, names))));
  if (!step.bearer.empty())
    TRY(add_header(request, "Authorization", "Bearer " + TRY(fill_in(step.bearer, names))));
  auto body = TRY(body_of(step, names, boundary));
  if (!body.type.empty() && !has_header(step, "content-type"))
    TRY(add_header(request, "Content-Type", std::move(body.type)));
  request.body = std::move(body.text);
  return request;
}

std::vector<std::string> faults_of(const net::HttpResponse& response, const ExpectOptions& expect) {
  auto faults = plain_faults_of(response, expect);
  std::ranges::move(filter_faults_of(response, expect), std::back_inserter(faults));
  return faults;
}

std::vector<std::string> plain_faults_of(const net::HttpResponse& response,
                                         const ExpectOptions& expect) {
  std::vector<std::string> faults;
  judge_status(response, expect, faults);
  for (const auto& [name, pattern] : expect.headers) {
    std::string small = name;
    std::transform(small.begin(), small.end(), small.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    if (!matches(pattern, response.header(small)))
      faults.push_back("the header " + name + " does not match " + pattern);
  }
  if (!expect.body.empty() && !matches(expect.body, response.body))
    faults.push_back("the body does not match " + expect.body);
  if (!expect.sha256.empty() && crypto::sha256(view_of(response.body)).hex() != expect.sha256)
    faults.push_back("the body has another SHA-256");
  if (expect.within && response.elapsed > *expect.within)
    faults.push_back("it took " + describe_duration(response.elapsed) + ", over " +
                     describe_duration(*expect.within));
  return faults;
}

std::vector<std::string> filter_faults_of(const net::HttpResponse& response,
                                          const ExpectOptions& expect) {
  if (expect.jq.empty()) return {};
  const auto values = run_filters(response.body, expect.jq);
  if (!values)
    return {values.error().describe() + " (" + content_type_of(response) + ", " +
            describe_size(response.body.size()) + ")"};
  std::vector<std::string> faults;
  for (std::size_t i = 0; i < expect.jq.size(); ++i) {
    const auto& value = (*values)[i];
    if (!value)
      faults.push_back("jq " + expect.jq[i] + ": " + value.error().describe());
    else if (value->is_null() || *value == Json(false))
      faults.push_back("jq " + expect.jq[i] + " is " + value->dump());
  }
  return faults;
}

Result<std::vector<std::string>> fields_of(const net::HttpResponse& response) {
  const auto json = TRY_CONTEXT("the answer is no JSON", parse_json(response.body));
  const Json* found = &json;
  if (found->is_object() && found->contains("results")) found = &found->at("results");
  const auto records = found->is_array() ? *found : Json::array({*found});
  std::set<std::string> names;
  for (const auto& record : records) {
    if (!record.is_object()) return fail(Code::check_failed, "the answer holds no record");
    for (const auto& [name, value] : record.items()) names.insert(name);
  }
  if (names.empty()) return fail(Code::check_failed, "the answer holds no record");
  return std::vector<std::string>(names.begin(), names.end());
}

net::HttpLimits limits_until(std::chrono::steady_clock::time_point end) {
  constexpr Duration kAfter = std::chrono::milliseconds(10);  // so that it is over then
  net::HttpLimits limits;
  const auto left = std::chrono::duration_cast<Duration>(end - std::chrono::steady_clock::now());
  limits.time = std::clamp(left + kAfter, kAfter, limits.time);
  return limits;
}

}  // namespace lifeboat::drill
