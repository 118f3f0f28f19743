"""The portal for any WSGI server. `portal serve` adds the timetable; another server does not."""

from portal import create_app

application = create_app()
