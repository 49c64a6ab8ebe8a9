"""The counter: HTTP and nothing else.

It reads a request, asks the room that knows, and words the answer; it decides nothing about data.
Patient values never stand in a URL. The only speaker of FastAPI.
"""
