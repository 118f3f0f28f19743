/* Keeps the click id of the affiliate program on this site, and hands it to forms. */
(function () {
  "use strict";
  var script = document.currentScript, portal = new URL(script.src).origin, name = "click_id";
  var asked = new URLSearchParams(location.search), days = script.dataset.days || 90;
  if (window.__affClick) return;
  window.__affClick = true;

  function kept() {
    var found = document.cookie.match(/(?:^|; )click_id=([\w.-]+)/);
    return found ? found[1] : "";
  }
  function fill() {
    var id = kept();
    if (id) document.querySelectorAll('input[name="click_id"]').forEach(function (input) {
      input.value = id;
    });
  }
  function keep(id) {
    if (!/^[\w.-]{1,128}$/.test(id)) return;
    document.cookie = name + "=" + id + ";path=/;max-age=" + days * 86400 + ";samesite=lax" +
      (script.dataset.domain ? ";domain=" + script.dataset.domain : "") +
      (location.protocol === "https:" ? ";secure" : "");
    fill();
  }
  function click(code) {
    var said = { code: code, page: location.origin + location.pathname,
      referrer: document.referrer, click_id: kept() };
    said.sub_id = asked.get("sub_id") || asked.get("subid") || "";
    fetch(portal + "/track/click", { method: "POST", credentials: "omit", keepalive: true,
      headers: { "Content-Type": "text/plain" }, body: JSON.stringify(said) })
      .then(function (answer) { return answer.json(); })
      .then(function (told) { if (told.click_id) keep(told.click_id); })
      .catch(function () {});
  }
  function start() {
    var id = asked.get(name), code = asked.get("via") || asked.get("ref") || asked.get("aff");
    if (id) { if (id !== kept()) keep(id); } else if (code) click(code);
    fill();
  }
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
  document.addEventListener("DOMContentLoaded", fill);
})();
