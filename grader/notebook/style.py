"""How the cards look: JupyterLab's own colours where it has them, signal colours that can be read in both its themes.

Every output brings its style along, because a notebook may be shown anywhere. `CARD_STYLE` is the frame and the texts
of all cards, `WIRE_STYLE` what transcripts, costs and timelines have beyond that.
"""

from html import escape

# The class again and again, because JupyterLab's own rules for lists and code in outputs are as specific as that.
# The last rule hides the one-line error below a red card: it repeats the card, and is for Validate and nbgrader.
CARD_STYLE = """
<style>
.rc-card{--rc-good:#1a7f37;--rc-bad:#cf222e;--rc-odd:#9a6700;--rc-hint:#0969da;--rc-tint:rgba(191,135,0,.10);
 --rc-dim:#5f6770;--rc-box:rgba(125,125,125,.10);--rc:var(--rc-dim);
 border:1px solid var(--jp-border-color2,#8884);border-left:4px solid var(--rc);border-radius:6px;
 padding:9px 15px 10px;margin:4px 0;max-width:60em;overflow-wrap:anywhere;
 font:13.5px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);
 color:var(--jp-ui-font-color1,inherit);background:var(--jp-layout-color1,transparent)}
[data-jp-theme-light="false"] .rc-card,.vscode-dark .rc-card{--rc-good:#4ac26b;--rc-bad:#ff8182;--rc-odd:#d4a72c;
 --rc-hint:#54aeff;--rc-tint:rgba(212,167,44,.13);--rc-dim:#a3abb4}
.rc-good{color:var(--rc-good)}.rc-bad{color:var(--rc-bad)}.rc-odd{color:var(--rc-odd)}
.rc-card .rc-dim{color:var(--rc-dim)}
.rc-head{display:flex;gap:2px 10px;align-items:baseline;flex-wrap:wrap}
.rc-head b{font-size:14.5px;color:var(--rc)}.rc-head span{margin-left:auto;font-size:12.5px}
.rc-card.rc-card ul{list-style:none;margin:5px 0 0;padding:0}
.rc-card.rc-card li{display:grid;grid-template-columns:20px minmax(0,1fr);margin:2px 0;padding:0}
.rc-card li>span{font-weight:700}
.rc-card.rc-card p{margin:3px 0}
.rc-card.rc-card dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:1px 12px;margin:3px 0 4px;
 font-size:13px}
.rc-card.rc-card :is(dt,dd){float:none;width:auto;margin:0;padding:0}
.rc-card.rc-card dt{color:var(--rc-dim);font-weight:400;white-space:nowrap}.rc-card dd{white-space:pre-wrap}
.rc-card.rc-card.rc-card code{font-size:12.5px;padding:0 3px;border-radius:3px;background:var(--rc-box);
 color:var(--jp-ui-font-color1,inherit);white-space:pre-wrap}.rc-card.rc-card.rc-card .rc-dim code{color:inherit}
.rc-card.rc-card pre{margin:5px 0 6px;padding:6px 11px;border-radius:4px;border:0;background:var(--rc-box);
 font:12.5px/1.45 var(--jp-code-font-family,monospace);color:inherit;white-space:pre-wrap;max-height:26em;
 overflow-y:auto}
.rc-card .rc-proof{color:var(--rc-dim);font-size:12.5px;white-space:nowrap}
.rc-why{margin:5px 0 6px;padding:5px 11px 6px;border-left:3px solid var(--rc-odd);border-radius:0 4px 4px 0;
 background:var(--rc-tint)}
.rc-foot{margin-top:8px;padding-top:6px;border-top:1px solid var(--jp-border-color2,#8884)}
.rc-card summary{cursor:pointer;color:var(--rc-dim);margin-top:3px}
.jp-OutputArea-child:has(>* .rc-card:is([data-status=wrong],[data-status=todo]))+
 .jp-OutputArea-child:has(>[data-mime-type="application/vnd.jupyter.stderr"]){display:none}
</style>
"""

# Rows are grids of their own with the same proportions, so that their columns are in line without a table, of whose
# look JupyterLab has ideas of its own.
WIRE_STYLE = """
<style>
.rc-card.rw{max-width:76em;padding-bottom:11px}
.rw-body{container-type:inline-size;font:12.5px/1.5 var(--jp-code-font-family,ui-monospace,monospace);margin-top:7px}
.rc-card{--rc-lane0:#0969da;--rc-lane1:#8250df;--rc-lane2:#1b7c83}
[data-jp-theme-light="false"] .rc-card,.vscode-dark .rc-card{--rc-lane0:#54aeff;--rc-lane1:#d2a8ff;--rc-lane2:#56d4dd}
.rw-0{--rc-mark:var(--rc-lane0)}.rw-1{--rc-mark:var(--rc-lane1)}.rw-2{--rc-mark:var(--rc-lane2)}
.rw-row,.rw-trip{display:grid;column-gap:8px;padding:1px 0}
.rw-trip{grid-template-columns:22px 8px minmax(0,1fr)}
.rw-no{text-align:right;color:var(--rc-dim);font-size:11.5px;line-height:19px}
.rw-bracket{border:1.5px solid var(--rc-mark);border-right:0;border-radius:3px 0 0 3px;margin:4px 0}
.rw-said{display:grid;grid-template-columns:minmax(0,11fr) minmax(0,9fr);column-gap:18px}
.rw-said>div,.rw-cell>div{white-space:pre-wrap;overflow-wrap:anywhere}
.rw-reply{color:var(--rc-dim)}
.rw-card b,.rw-body b{font-weight:600}
.rw-bytes{grid-column:1/-1;font-size:11.5px;padding:0 0 2px 12px}
.rw-bytes i{font-style:normal;color:var(--rc-dim)}.rw-bytes u{text-decoration:none;color:var(--rc-mark)}
.rw-note{margin:2px 0 2px 38px;color:var(--rc-dim);font-style:italic}
.rw-row,.rw-names{grid-template-columns:22px repeat(var(--lanes),minmax(0,1fr))}
.rw-states .rw-row,.rw-states .rw-names{grid-template-columns:22px repeat(var(--lanes),minmax(0,1fr)) minmax(0,.9fr)}
.rw-names{display:grid;column-gap:8px;font:600 12.5px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);
 border-bottom:1px solid var(--jp-border-color2,#8884);padding-bottom:3px;margin-bottom:3px}
.rw-lane{border-left:2px solid transparent;padding-left:8px}
.rw-names .rw-lane:not(.rc-dim){color:var(--rc-mark,inherit)}
.rw-lane.rw-on{border-left-color:var(--rc-mark)}
.rw-state{font-size:12px}.rw-new{background:var(--rc-tint);border-radius:3px;padding:0 4px;margin-left:-4px}
.rw-in{display:inline-block;white-space:pre-wrap}
@container (max-width:560px){
.rw-states .rw-row,.rw-states .rw-names{grid-template-columns:22px repeat(var(--lanes),minmax(0,1fr))}
.rw-states .rw-state{grid-column:2/-1;text-align:right}.rw-states .rw-names .rc-dim{grid-column:2/-1;text-align:right}}
.rw-result{color:var(--rc-dim);font-style:italic}
.rw-why{margin:9px 0 2px;padding:5px 11px 6px;border-left:3px solid var(--rc-tone);border-radius:0 4px 4px 0;
 background:var(--rc-box)}
.rw-broke{margin:7px 0 2px;color:var(--rc-bad)}
.rw-left{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:0 14px;margin:8px 0 2px 38px;
 font:12.5px/1.5 var(--jp-code-font-family,ui-monospace,monospace)}
.rw-left>span{color:var(--rc-dim);font:12.5px/1.5 var(--jp-ui-font-family,system-ui,sans-serif)}
.rw-cut{color:var(--rc-bad);font-weight:600}
.rw-torn{border-bottom:1.5px dashed var(--rc-bad);padding-bottom:2px}
.rw-facts{display:flex;flex-wrap:wrap;gap:6px 30px;margin:8px 0 2px}
.rw-facts div{line-height:1.25}.rw-facts b{display:block;font-size:18px;font-weight:600;color:var(--jp-ui-font-color1,
 inherit);white-space:nowrap}.rw-facts span{font-size:12px;color:var(--rc-dim)}
.rw-grid{display:grid;gap:1px 22px;margin-top:9px;font-size:13px;width:max-content;max-width:100%;align-items:baseline}
.rw-grid>*{overflow-wrap:anywhere}.rw-grid .rw-h{color:var(--rc-dim);font-size:12px;
 border-bottom:1px solid var(--jp-border-color2,#8884);padding-bottom:1px;margin-bottom:2px}
.rw-grid .rw-r{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.rw-grid code{white-space:nowrap}
</style>
"""


def wire_card(tone: str, title: str, aside: str, body: str) -> str:
    """The HTML of a card about the wire.

    Args:
        tone: ``good``, ``bad``, ``odd`` or ``hint``: the colour of its edge and title.
        title: plain text.
        aside: plain text at the right of the title, or nothing.
        body: HTML.
    """
    beside = f'<span class="rc-dim">{escape(aside)}</span>' if aside else ""
    return (
        f'{CARD_STYLE}{WIRE_STYLE}<div class="rc-card rw" style="--rc:var(--rc-{tone});--rc-mark:var(--rc-hint)">'
        f'<div class="rc-head"><b>{escape(title)}</b>{beside}</div>{body}</div>'
    )
