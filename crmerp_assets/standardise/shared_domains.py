"""Domains that many companies share: an address there says nothing about who owns it."""

from functools import cache

_FREEMAIL = """gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.co.in yahoo.fr yahoo.de yahoo.es yahoo.it yahoo.ca
yahoo.com.br yahoo.co.jp ymail.com rocketmail.com hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.it
hotmail.es outlook.com outlook.de outlook.fr live.com live.co.uk live.fr msn.com aol.com icloud.com me.com mac.com
gmx.de gmx.net gmx.com gmx.at gmx.ch web.de t-online.de freenet.de arcor.de 1und1.de mail.com mail.ru bk.ru
list.ru inbox.ru yandex.ru yandex.com rambler.ru proton.me protonmail.com pm.me tutanota.com fastmail.com
hushmail.com zoho.com zohomail.com qq.com 163.com 126.com sina.com sina.cn sohu.com foxmail.com aliyun.com
naver.com daum.net hanmail.net orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it alice.it
tiscali.it tin.it terra.com.br uol.com.br bol.com.br ig.com.br comcast.net verizon.net att.net sbcglobal.net
bellsouth.net cox.net charter.net earthlink.net btinternet.com sky.com virginmedia.com ntlworld.com talktalk.net
bigpond.com optusnet.com.au rogers.com shaw.ca sympatico.ca telus.net bluewin.ch hispeed.ch ziggo.nl kpnmail.nl
planet.nl xs4all.nl skynet.be telenet.be seznam.cz wp.pl onet.pl o2.pl interia.pl rediffmail.com"""
_PLATFORMS = """facebook.com fb.com linkedin.com instagram.com twitter.com x.com youtube.com tiktok.com pinterest.com
google.com goo.gl g.page business.site wixsite.com wix.com squarespace.com weebly.com wordpress.com blogspot.com
blogger.com tumblr.com medium.com github.com github.io etsy.com ebay.com amazon.com alibaba.com yelp.com
tripadvisor.com booking.com linktr.ee bit.ly notion.site webflow.io godaddysites.com jimdo.com jimdosite.com
myspace.com xing.com crunchbase.com wikipedia.org shopify.com salesforce.com netsuite.com"""

_PLACEHOLDERS = "example.com example.org example.net example.edu test.com none.com noemail.com na.com nowebsite.com"
"""Reserved by RFC 2606, or what people type where a form wants something."""


@cache
def shared_domains() -> frozenset[str]:
    """Domains of mail providers, of platforms that host other people's pages, and such as stand for none."""
    return frozenset(_FREEMAIL.split()) | frozenset(_PLATFORMS.split()) | frozenset(_PLACEHOLDERS.split())
