// SPDX-License-Identifier: Apache-2.0
#include "report/html_style.h"

namespace gatewright::report {

std::string_view style_sheet() {
    return R"css(
:root {
  color-scheme: light dark;
  --paper: #fcfcfa; --card: #ffffff; --ink: #1c2329; --soft: #5c6872; --line: #dfe3e6; --faint: #f1f3f3;
  --accent: #0b6e69; --accent-soft: #d5ebe7; --good: #1a7a3c; --bad: #b3261e; --bad-soft: #fbe9e7;
  --warn-soft: #fdf3dc; --warn: #7a5200;
  --c0: #0b6e69; --c1: #c2571a; --c2: #3e5fc1; --c3: #a8327d; --c4: #6d7f10; --c5: #7a52b8; --c6: #8a5a2b; --c7: #58656f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14181b; --card: #1b2024; --ink: #e6e9ea; --soft: #9aa6ad; --line: #323a40; --faint: #22282c;
    --accent: #58c2b4; --accent-soft: #1f4643; --good: #6ccf8a; --bad: #ff8d82; --bad-soft: #40211e;
    --warn-soft: #3a3018; --warn: #f0c66a;
    --c0: #58c2b4; --c1: #f0975a; --c2: #8ea7ff; --c3: #ee86c5; --c4: #bccb58; --c5: #bb9cf2; --c6: #d3a271; --c7: #a7b3bb;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 40px 28px 64px; }
h1 { font-size: 2.1rem; line-height: 1.15; margin: 4px 0 10px; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 52px 0 6px; letter-spacing: -.005em; }
h3 { font-size: 1rem; margin: 28px 0 6px; }
p { margin: 0 0 14px; max-width: 74ch; }
.brand { color: var(--accent); font-weight: 650; font-size: .82rem; letter-spacing: .09em; text-transform: uppercase; margin: 0; }
.lead { font-size: 1.06rem; overflow-wrap: anywhere; }
.soft, .note { color: var(--soft); }
.note { font-size: .9rem; }
code, pre, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86em; }
a { color: var(--accent); }
nav { margin: 18px 0 0; font-size: .92rem; display: flex; flex-wrap: wrap; gap: 4px 18px; }
nav a { text-decoration: none; }
nav a:hover, nav a:focus { text-decoration: underline; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(152px, 1fr)); gap: 12px; margin: 26px 0 0; padding: 0; list-style: none; }
.cards li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px 13px; }
.cards .what { color: var(--soft); font-size: .84rem; display: block; }
.cards .value { font-size: 1.62rem; line-height: 1.25; font-weight: 620; letter-spacing: -.015em; display: block; font-variant-numeric: tabular-nums; }
.cards .value small { font-size: .58em; font-weight: 500; letter-spacing: 0; color: var(--soft); }
.cards .more { color: var(--soft); font-size: .84rem; line-height: 1.4; display: block; margin-top: 2px; }
.cards .good .value { color: var(--good); }
.cards .bad { border-color: var(--bad); background: var(--bad-soft); }
.cards .bad .value { color: var(--bad); }
.scroll { overflow-x: auto; margin: 12px 0; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.figure { padding: 14px 16px 8px; }
.figure svg { display: block; width: 100%; min-width: 640px; height: auto; }
.figure.small svg { min-width: 320px; max-width: 500px; margin: 0 auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 12px; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 550; font-size: .84rem; vertical-align: bottom; background: var(--faint); }
th:first-child, td:first-child, .left { text-align: left; }
tbody th { background: none; color: var(--ink); font-size: .9rem; font-weight: 600; vertical-align: top; }
tbody tr:last-child td, tbody tr:last-child th, tfoot tr:last-child td, tfoot tr:last-child th { border-bottom: 0; }
tfoot td, tfoot th { font-weight: 620; background: var(--faint); color: var(--ink); font-size: .9rem; vertical-align: top; border-bottom: 0; }
td .sub, th .sub { display: block; color: var(--soft); font-weight: 400; font-size: .82rem; white-space: normal; min-width: 15ch; max-width: 34ch; overflow-wrap: anywhere; }
.formats { white-space: normal; min-width: 17ch; max-width: 26ch; }
td .meter { display: block; height: 3px; border-radius: 2px; background: var(--faint); margin-top: 4px; min-width: 60px; overflow: hidden; }
td .meter i { display: block; height: 100%; background: var(--accent); border-radius: 2px; }
tr.chosen td, tr.chosen th { background: var(--accent-soft); }
.path { white-space: normal; min-width: 36ch; }
.good-text { color: var(--good); font-weight: 600; }
.bad-text { color: var(--bad); font-weight: 600; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 430px), 1fr)); gap: 0 28px; align-items: start; }
.columns > * { min-width: 0; }
.narrow { max-width: 460px; }
.heat thead th:not(:first-child), .heat td { text-align: center; }
.heat td { background: color-mix(in srgb, var(--accent) calc(var(--p) * .5%), transparent); }
.heat td.diagonal { font-weight: 650; }
.commands { display: grid; gap: 12px; margin: 12px 0; padding: 0; list-style: none; }
.commands li { min-width: 0; }
.commands li > span::first-letter { text-transform: uppercase; }
.commands li > span { display: block; font-size: .9rem; color: var(--soft); }
pre { margin: 3px 0 0; padding: 11px 14px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; }
pre code { user-select: all; -webkit-user-select: all; font-size: .86rem; }
.warnings { background: var(--warn-soft); border-radius: 10px; padding: 12px 18px; margin: 22px 0 0; }
.warnings strong { color: var(--warn); }
.warnings ul { margin: 4px 0 0; padding-left: 20px; overflow-wrap: anywhere; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; color: var(--soft); font-size: .86rem; margin: 0 0 10px; padding: 0; list-style: none; }
.legend svg { width: 34px; height: 16px; vertical-align: -3px; margin-right: 7px; }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--line); color: var(--soft); font-size: .86rem; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; fill: var(--ink); font-variant-numeric: tabular-nums; }
svg .name { text-anchor: end; font-size: 13px; }
svg .tick { text-anchor: middle; fill: var(--soft); }
svg .unit { text-anchor: end; fill: var(--soft); }
svg .power { font-size: 9px; }
svg .inbar { text-anchor: middle; fill: var(--card); font-weight: 600; }
svg .before { text-anchor: end; fill: var(--soft); }
svg .after { fill: var(--ink); }
svg .soft { fill: var(--soft); }
svg .bar { fill: var(--accent); }
svg .chosen { fill: none; stroke: var(--c1); stroke-width: 2.5; }
svg .axis { stroke: var(--soft); stroke-width: 1; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .range { fill: var(--accent-soft); }
svg .box { fill: var(--card); stroke: var(--accent); stroke-width: 1.5; }
svg .median { stroke: var(--accent); stroke-width: 3; }
svg .whisker { stroke: var(--accent); stroke-width: 1.5; }
svg .extreme { fill: var(--accent); }
svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .c0 { stroke: var(--c0); } svg .c1 { stroke: var(--c1); } svg .c2 { stroke: var(--c2); } svg .c3 { stroke: var(--c3); }
svg .c4 { stroke: var(--c4); } svg .c5 { stroke: var(--c5); } svg .c6 { stroke: var(--c6); } svg .c7 { stroke: var(--c7); }
@media (max-width: 560px) {
  main { padding: 24px 16px 48px; }
  h1 { font-size: 1.65rem; }
  h2 { margin-top: 40px; }
  .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
  .cards li { padding: 11px 12px; }
  .cards .value { font-size: 1.32rem; }
  .figure { padding: 10px 8px 6px; }
  th, td { padding: 7px 9px; }
  tbody th { white-space: normal; min-width: 11ch; }
}
@media print {
  main { max-width: none; padding: 0; }
  nav { display: none; }
  .scroll { overflow: visible; }
  .figure svg { min-width: 0; }
  h2, h3 { break-after: avoid; }
  tr, .cards li, .figure { break-inside: avoid; }
  body { font-size: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";
}

}  // namespace gatewright::report
