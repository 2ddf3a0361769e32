/**
 * What people have hidden in text to get it run: kinds of markup, each in every place that a page might put it.
 *
 * The kinds are those of OWASP's filter evasion list, of polyglots and of mutation attacks, one or a few of each; every one calls
 * `canary()` if it runs. The places close what may be open around them, or dress the markup up so that filters do not know it.
 */

const KINDS = [
  "<script>canary()</script>",
  "<script/src=data:,canary()>",
  "<SCRIPT\t>canary()</SCRIPT >",
  "<scr<script>ipt>canary()</scr</script>ipt>",
  "<img src=x onerror=canary()>",
  "<img src=x:x onerror\n=canary()>",
  "<img/src=`x`onerror=canary()>",
  '<IMG """><script>canary()</script>">',
  "<image src=x onerror=canary()>",
  "<svg/onload=canary()>",
  "<svg><script>canary()</script></svg>",
  "<svg><animate onbegin=canary() attributeName=x dur=1s>",
  "<svg><a xlink:href=javascript:canary()><text y=9>x</text></a></svg>",
  "<svg><use href=data:image/svg+xml,<svg/onload=canary()>>",
  "<svg><style><img src=x onerror=canary()></style></svg>",
  "<math><mtext></form><form><mglyph><style></math><img src onerror=canary()>",
  "<math href=javascript:canary()>x</math>",
  "<noscript><p title='</noscript><img src=x onerror=canary()>'>",
  "<iframe srcdoc='<script>parent.canary()</script>'>",
  "<iframe src=javascript:parent.canary()>",
  "<object data=javascript:canary()>",
  "<embed src=javascript:canary()>",
  "<a href=javascript:canary()>x</a>",
  "<a href=jav&#x09;ascript:canary()>x</a>",
  "<form action=javascript:canary()><input type=submit>",
  "<button formaction=javascript:canary()>x</button>",
  "<meta http-equiv=refresh content=0;url=javascript:canary()>",
  "<base href=javascript:canary()//>",
  "<link rel=stylesheet href=javascript:canary()>",
  "<style>@import 'javascript:canary()';</style>",
  "<b style=animation-name:x onanimationstart=canary()>x</b>",
  "<body onpageshow=canary()>",
  "<details open ontoggle=canary()>",
  "<input autofocus onfocus=canary()>",
  "<video><source onerror=canary()>",
  "<audio src=x onerror=canary()>",
  "<marquee onstart=canary()>x</marquee>",
  "<dialog open onclose=canary()><form method=dialog>",
  "<template shadowrootmode=open><script>canary()</script></template>",
  "<x contenteditable autofocus onfocus=canary()>x</x>",
  "javascript:canary()",
  "data:text/html,<script>canary()</script>",
  "{@html '<img src=x onerror=canary()>'}",
  "{{constructor.constructor('canary()')()}}",
  "${canary()}",
  "'-canary()-'",
  "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */canary() )//%0D%0A//</stYle/</titLe/</sCript/--!>\\x3csVg/<sVg/oNloAd=canary()//>",
];

const PLACES: ((kind: string) => string)[] = [
  (kind) => kind,
  (kind) => `">${kind}`,
  (kind) => `'>${kind}`,
  (kind) => `</title></textarea></style></script></noscript>${kind}`,
  (kind) => `--><!--><![CDATA[${kind}]]>`,
  (kind) => `\u202e${kind}\u202c`,
  (kind) => `\u2067${kind}`,
  (kind) => kind.replaceAll("<", "<\u200b"),
  (kind) => kind.replaceAll("<", "\uff1c").replaceAll(">", "\uff1e"),
  (kind) => kind.replaceAll("<", "&lt;").replaceAll(">", "&#62;"),
  (kind) => kind.replaceAll("<", "\\u003c").replaceAll(">", "\\x3e"),
  (kind) => encodeURIComponent(kind),
];

/** Every kind in every place. */
export const PAYLOADS = KINDS.flatMap((kind) => PLACES.map((place) => place(kind)));

/** Those that a name may be: what hides or turns the writing is refused in names, and they are short. */
export const NAMES = KINDS.flatMap((kind) => [kind, `">${kind}`]).filter(
  (name) => name.length <= 40 && !/[\n\t]/.test(name),
);
