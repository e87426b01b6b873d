import time
from tests.browser import test_crawl as t
from tests.browser.conftest import opened_window
def test_few(site, chromium):
    f=open("/tmp/crawl_progress.log","w"); began=time.time()
    def say(*a): print(round(time.time()-began,1), *a, file=f, flush=True)
    say("loaded")
    from collections import deque, Counter
    c=t.Crawl()
    old_b=t.barriers
    def b(w,l):
        s=time.time(); r=old_b(w,l); say("   axe", round(time.time()-s,1), r); return r
    t.barriers=b
    with opened_window(site, chromium, "architect", "en") as w:
        old=t.visit
        def v(window, crawl, who, path, language):
            s=time.time()
            nb=len(crawl.broken)+len(crawl.unfit)
            try: r=old(window,crawl,who,path,language)
            except Exception as e: say("EXC", path, repr(e)[:200]); return []
            say(path, round(time.time()-s,1), crawl.broken[-3:] if len(crawl.broken)+len(crawl.unfit)!=nb else "", crawl.unfit[-3:] if len(crawl.broken)+len(crawl.unfit)!=nb else ""); return r
        t.visit=v
        t.crawl_as(w,c,"architect","en",1)
    say("done", len(c.reached), sorted(r for r,_ in c.reached))
    say("BROKEN", *c.broken, sep="\n"); say("UNFIT", *c.unfit, sep="\n"); say("BARR", *c.barriers, sep="\n")
