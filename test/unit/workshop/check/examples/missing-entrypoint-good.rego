# entrypoint: example/answer
package example

default answer := {}

answer := {"allow": true} if input.device_id == "a"
