-- Passes reports of messages in rooms on to Vigie: XEP-0377 as clients send it when they block somebody.
-- Copyright the Vigie contributors. Apache-2.0.
--
-- Belongs on the host of the accounts:
--
--     VirtualHost "example.org"
--         modules_enabled = { …; "blocklist"; "vigie_reports" }
--         vigie_reports_to = "vigie@example.org"
--
-- Every <report/> with a <stanza-id/> in a request to block becomes a message to that account, from this host:
-- <report xmlns="urn:vigie:reports:1" reporter="…" reason="spam|abuse" room="…" id="…">text</report>.
-- The request itself goes on to mod_blocklist as ever.

local jid = require "util.jid";
local st = require "util.stanza";
local throttle = require "util.throttle";
local cache = require "util.cache";

local xmlns = "urn:vigie:reports:1";
local xmlns_sid = "urn:xmpp:sid:0";
local reasons = {
	["urn:xmpp:reporting:spam"] = "spam";
	["urn:xmpp:reporting:abuse"] = "abuse";
};
local to = module:get_option_string("vigie_reports_to");
local per_hour = module:get_option_number("vigie_reports_per_hour", 60);
local throttles = cache.new(1000);

if not to then
	module:log_status("error", "vigie_reports_to is not set: reports go nowhere");
	return;
end

module:add_feature("urn:xmpp:reporting:1");
for reason in pairs(reasons) do module:add_feature(reason); end

local function may(reporter)
	local known = throttles:get(reporter);
	if not known then
		known = throttle.create(per_hour, 3600);
		throttles:set(reporter, known);
	end
	return known:poll(1);
end

module:hook("iq-set/self/urn:xmpp:blocking:block", function (event)
	local stanza = event.stanza;
	local reporter = jid.bare(stanza.attr.from);
	for item in stanza.tags[1]:childtags("item") do
		local report = item:get_child("report", "urn:xmpp:reporting:1");
		for said in (report and report:childtags("stanza-id", xmlns_sid) or function () end) do
			local room, id = jid.prep(said.attr.by), said.attr.id;
			if room and id and may(reporter) then
				local text = report:get_child_text("text") or "";
				-- Cut between characters.
				if #text > 2000 then text = text:sub(1, 2000):gsub("[\192-\255][\128-\191]*$", ""); end
				module:send(st.message({ from = module.host, to = to, type = "headline" })
					:tag("report", {
						xmlns = xmlns; reporter = reporter; room = room; id = id;
						reason = reasons[report.attr.reason] or "other";
					}):text(text));
			end
		end
	end
	-- Nothing is returned: mod_blocklist goes on with the request.
end, 1);
