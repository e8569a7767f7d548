#!/usr/bin/env bash
# Looks for barriers to people with disabilities in the pages of the console, with axe-core in headless Chromium.
#   tests/axe.sh URL TOKEN     URL of a running worker or demo; TOKEN of any scope
#   tests/with-demo.sh tests/axe.sh
# It needs chromium and npm. axe-core and puppeteer-core come from npm into a folder of their own; where one of them is missing or npm
# cannot be reached, the script says so and succeeds. SHOTS=DIR also keeps a picture of each page, 360 and 1280 pixels wide.
set -euo pipefail

[ $# -eq 2 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2; }
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
[ -n "$browser" ] || { echo "skipped: there is no chromium"; exit 0; }
command -v npm >/dev/null || { echo "skipped: there is no npm"; exit 0; }

home=${XDG_CACHE_HOME:-$HOME/.cache}/oim-etl/axe
mkdir -p "$home"
if [ ! -d "$home/node_modules/axe-core" ] || [ ! -d "$home/node_modules/puppeteer-core" ]; then
    if ! npm install --silent --no-audit --no-fund --prefix "$home" axe-core@4.10 puppeteer-core@24 >"$home/log" 2>&1; then
        echo "skipped: npm does not give axe-core and puppeteer-core: $(tail -1 "$home/log")"
        exit 0
    fi
fi

cat >"$home/check.cjs" <<'J'
const fs = require('fs');
const puppeteer = require('puppeteer-core');
const axe = fs.readFileSync(require.resolve('axe-core'), 'utf8');
const [url, token, executablePath, shots] = process.argv.slice(2);
(async () => {
  const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  let bad = 0;
  // axe is evaluated, not loaded: the policy of the pages forbids scripts, and stays in force.
  const check = async (name) => {
    const found = await page.evaluate(`(async () => { ${axe}; const r = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
      return r.violations.map(v => ({ id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)) })); })()`);
    for (const v of found) { bad += 1; console.log(`${name}: ${v.id}: ${v.help}`); v.nodes.forEach(n => console.log(`    ${n}`)); }
    const wide = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
    if (wide) { bad += 1; console.log(`${name}: the page is wider than the screen`); }
    if (shots) await page.screenshot({ path: `${shots}/${name.replace(/[^a-z0-9]+/gi, '-')}.png`, fullPage: true });
  };
  for (const [lang, width] of [['fr', 360], ['en', 1280]]) {
    await page.setViewport({ width, height: 800 });
    await page.setExtraHTTPHeaders({ 'accept-language': lang });
    await page.goto(`${url}/login`);
    if (await page.$('#token')) {
      await check(`${lang}-${width}-login`);
      await page.type('#token', token);
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    }
    const paths = ['/', '/runs', '/decisions', '/stuck', '/opportunities', '/actions'];
    for (const path of paths) {
      await page.goto(url + path);
      await check(`${lang}-${width}-${path}`);
      const more = await page.$$eval('main a[href^="/runs/"], main a[href^="/opportunities/"], main a[href^="/sources/"]', a => a.map(x => x.getAttribute('href')));
      if (['/', '/runs', '/opportunities'].includes(path) && more.length) {
        await page.goto(url + more[0]);
        await check(`${lang}-${width}-${more[0].slice(0, 20)}`);
      }
    }
  }
  await browser.close();
  console.log(bad ? `${bad} barriers` : 'no barrier found');
  process.exit(bad ? 1 : 0);
})().catch(e => { console.error(e); process.exit(2); });
J
node "$home/check.cjs" "${1%/}" "$2" "$browser" "${SHOTS:-}"
