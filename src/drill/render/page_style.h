#pragma once
// The style of the drill's page: readable on a phone, on paper and in the dark. A constant.
#include <string_view>

namespace lifeboat::drill {

inline constexpr std::string_view kPageStyle = R"css(
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#57606a;--paper:#fff;--card:#f6f8fa;
--line:#d8dee4;--good:#1a7f37;--bad:#b3261e;--open:#8a5a00;--bar:#0969da}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9198a1;--paper:#0d1117;
--card:#161b22;--line:#30363d;--good:#3fb950;--bad:#ff7b72;--open:#d29922;--bar:#4493f8}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:1rem}
header{border-left:.6rem solid var(--tone);background:var(--card);padding:.8rem 1.1rem;
margin:.5rem 0 1rem;border-radius:.3rem}
.good{--tone:var(--good)}.bad{--tone:var(--bad)}.open,.waived{--tone:var(--open)}
h1{margin:.2rem 0;font-size:1.5rem;line-height:1.25}h2{margin:1.8rem 0 .4rem;font-size:1.1rem}
header p{margin:.2rem 0;overflow-wrap:anywhere}
.verdict{color:var(--tone);text-transform:uppercase;letter-spacing:.06em;font-weight:700;
font-size:1.15rem}
b.passed,b.met{color:var(--good)}b.failed,b.missed{color:var(--bad)}
b.not_run,b.warned,b.waived,b.not_judged{color:var(--open)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr));
gap:.6rem 1.5rem;margin:1rem 0}
dt{color:var(--dim);font-size:.85rem}dd{margin:0;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}th{text-align:left;font-weight:500;padding-right:.5rem}
td,th{vertical-align:top;overflow-wrap:anywhere}
td.time{white-space:nowrap;text-align:right;padding-right:.6rem;color:var(--dim)}
.stages th{white-space:nowrap}
td.bar{width:55%}td.bar span{display:block;height:.8rem;margin-top:.35rem;border-radius:2px;
background:var(--bar)}
tr.stopped td.bar span{background:var(--bad)}tr.not_run{color:var(--dim)}
ul{padding-left:1.2rem}ul.rows{list-style:none;padding:0;margin:0}
ul.rows li{border-top:1px solid var(--line);padding:.5rem 0;overflow-wrap:anywhere}
ul.rows p{margin:.1rem 0}
.dim,.proves{color:var(--dim);font-size:.9rem}
.next code{display:inline-block;background:var(--card);padding:.1rem .4rem;border-radius:.2rem}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
.mark{display:inline-block;width:1.3rem;font-weight:700}
.trend{display:flex;align-items:flex-end;gap:3px;height:5rem;border-bottom:1px solid var(--line)}
.trend span{flex:1;min-width:3px;max-width:2.5rem;background:var(--bar);border-radius:2px 2px 0 0}
.trend span.bad{background:var(--bad)}.trend span.open,.trend span.waived{background:var(--open)}
.trend span.now{outline:2px solid var(--ink)}
footer{border-top:1px solid var(--line);margin-top:2rem;color:var(--dim);font-size:.85rem;
overflow-wrap:anywhere}
@media print{body{font-size:10.5pt}main{max-width:none;padding:0}
header,li,tr,.stages,.trend{break-inside:avoid}h2{break-after:avoid}
header,td.bar span,.trend span{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";

}  // namespace lifeboat::drill
