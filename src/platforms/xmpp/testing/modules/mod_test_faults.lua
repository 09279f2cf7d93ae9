-- For tests: while the file `archive-away` lies in the data directory, the archive of a room answers no second page; and
-- nobody can change the role of who is called `stuck`.

local st = require "util.stanza";
local path = require "util.paths".join(prosody.paths.data, "archive-away");

module:hook("iq-set/bare/urn:xmpp:mam:2:query", function (event)
	local set = event.stanza.tags[1]:get_child("set", "http://jabber.org/protocol/rsm");
	if not (set and set:get_child("after")) then return; end
	local file = io.open(path);
	if not file then return; end
	file:close();
	event.origin.send(st.error_reply(event.stanza, "wait", "internal-server-error"));
	return true;
end, 100);

module:hook("iq-set/bare/http://jabber.org/protocol/muc#admin:query", function (event)
	local item = event.stanza.tags[1]:get_child("item");
	if not (item and item.attr.nick == "stuck") then return; end
	event.origin.send(st.error_reply(event.stanza, "wait", "internal-server-error"));
	return true;
end, 100);
