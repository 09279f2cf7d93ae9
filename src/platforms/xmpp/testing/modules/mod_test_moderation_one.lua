-- Moderation as XEP-0425 describes it since version 0.3 (urn:xmpp:message-moderate:1), for tests: Debian's
-- mod_muc_moderation speaks an older one.

local st = require "util.stanza";
local jid = require "util.jid";
local dt = require "util.datetime";
local mod_muc = module:depends "muc";
local archive = module:open_store("muc_log", "archive");

local xmlns = "urn:xmpp:message-moderate:1";
local xmlns_retract = "urn:xmpp:message-retract:1";

module:hook("muc-disco#info", function (event)
	event.reply:tag("feature", { var = xmlns }):up();
end);

module:hook("iq-set/bare/" .. xmlns .. ":moderate", function (event)
	local stanza, origin = event.stanza, event.origin;
	local room = mod_muc.get_room_from_jid(stanza.attr.to);
	local moderate = stanza.tags[1];
	local nick = room and room:get_occupant_jid(stanza.attr.from);
	if not nick or room:get_role(nick) ~= "moderator" then
		origin.send(st.error_reply(stanza, "auth", "forbidden"));
		return true;
	end
	if not moderate:get_child("retract", xmlns_retract) then
		origin.send(st.error_reply(stanza, "modify", "bad-request"));
		return true;
	end
	local node, id = jid.node(room.jid), moderate.attr.id;
	local original = archive:get(node, id);
	if not original then
		origin.send(st.error_reply(stanza, "cancel", "item-not-found"));
		return true;
	end
	archive:set(node, id, st.message({ from = original.attr.from, type = "groupchat", id = original.attr.id })
		:tag("retracted", { xmlns = xmlns_retract, stamp = dt.datetime() })
			:tag("moderated", { xmlns = xmlns, by = nick }):reset());
	origin.send(st.reply(stanza));
	room:broadcast_message(st.message({ from = room.jid, type = "groupchat" })
		:tag("retract", { xmlns = xmlns_retract, id = id })
			:tag("moderated", { xmlns = xmlns, by = nick }):reset());
	return true;
end);
