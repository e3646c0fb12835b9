# METADATA
# title: Business hours
# description: >-
#   Devices with a tag that has hours connect within them, and no session outlasts them. A night belongs to the day on
#   which it begins. A device with several such tags has to be within the hours of each.
package rules.business_hours

# METADATA
# description: outside_hours, with the tag whose hours they are
# scope: document
deny contains {"code": "custom.outside_hours", "detail": {"tag": tag}} if {
	some tag in _tags
	not _left[tag]
}

# METADATA
# description: seconds until the hours end
# scope: document
session_limits contains _left[tag] * 60 if some tag in _tags

# METADATA
# description: an allow does not stand for longer either
# scope: document
ttls contains _left[tag] * 60 if some tag in _tags

_tags contains tag if some tag, _ in _hours

_hours[tag] := hours if {
	some tag in input.device_tags
	hours := object.get(data.hours, tag, null)
	hours != null
}

# Minutes until the hours end, for each tag that is within its hours: by day, in the evening, and after midnight.
_left[tag] := hours.to - input.minute_of_day if {
	some tag, hours in _hours
	hours.from <= hours.to
	input.weekday in hours.days
	input.minute_of_day >= hours.from
	input.minute_of_day < hours.to
}

_left[tag] := (hours.to + 1440) - input.minute_of_day if {
	some tag, hours in _hours
	hours.from > hours.to
	input.weekday in hours.days
	input.minute_of_day >= hours.from
}

_left[tag] := hours.to - input.minute_of_day if {
	some tag, hours in _hours
	hours.from > hours.to
	_yesterday in hours.days
	input.minute_of_day < hours.to
}

_yesterday := (input.weekday + 6) % 7
